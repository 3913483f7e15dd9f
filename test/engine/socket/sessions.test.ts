import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_FRAME_BYTES } from '../../../contract/frames.ts'
import { ok } from '../../../contract/result.ts'
import { MAX_CALLS, SLOW_READER_BYTES, STUCK_READER_BYTES } from '../../../engine/socket/sessions.ts'
import { fcOptions } from '../../support/counts.ts'
import { emptyNow, fakeEngine } from '../../support/fake-engine.ts'
import { hello, wirePair } from '../../support/wire-pair.ts'

/** The answer to call `id` that the engine's end sent. */
function answerTo(sent: readonly string[], id: number): unknown {
  return sent.map((text) => JSON.parse(text)).find((frame) => frame.id === id)?.result
}

test('an engine introduces itself before anything else', () => {
  const { sent } = wirePair(fakeEngine().served)
  expect(sent).toEqual([`${JSON.stringify({ hello })}\n`])
})

test('an unknown method is a problem, also where the name is one of every object', async () => {
  const { inject, sent } = wirePair(fakeEngine().served)
  for (const [index, name] of ['drink', 'constructor', '__proto__', 'tick'].entries())
    inject(`${JSON.stringify({ id: 100 + index, method: name, input: {} })}\n`)
  await setImmediate()
  for (const id of [100, 101, 102, 103]) expect(answerTo(sent, id)).toMatchObject({ ok: false, code: 'unknownMethod' })
})

test('wrong input is refused with its path before a handler sees it', async () => {
  let calls = 0
  const fake = fakeEngine({
    pause: () => {
      calls += 1
      return ok({})
    },
  })
  const { inject, sent } = wirePair(fake.served)
  inject('{"id":100,"method":"pause","input":{"forS":"long"}}\n')
  await setImmediate()
  expect(answerTo(sent, 100)).toMatchObject({ ok: false, code: 'badInput', reason: expect.stringContaining('forS') })
  expect(calls).toBe(0)
})

test('a handler that throws is told to the log, and the caller hears that it failed', async () => {
  const fake = fakeEngine({
    settings: () => {
      throw new Error('a bug')
    },
  })
  const { client, bugs } = wirePair(fake.served)
  expect(await client.call('settings', {})).toMatchObject({ ok: false, code: 'failed' })
  expect(bugs).toEqual(['settings'])
  expect((await client.call('now', {})).ok).toBe(true)
})

test('the engine is told of listeners only while somebody subscribes', () => {
  const fake = fakeEngine()
  const { client, inject } = wirePair(fake.served)
  const heard: number[] = []
  const off = client.on('tick', (now) => heard.push(now.at))
  inject('{"subscribe":"tick"}\n{"subscribe":"no-such-event"}\n')
  expect(fake.listeners('tick')).toBe(1)
  fake.emit('tick', emptyNow)
  off()
  expect(fake.listeners('tick')).toBe(0)
  fake.emit('tick', emptyNow)
  expect(heard).toEqual([emptyNow.at])
})

test('a connection that ends takes its subscriptions with it', () => {
  const fake = fakeEngine()
  const { client, sessions, isClosed } = wirePair(fake.served)
  client.on('tick', () => {})
  sessions.close('The engine stops.')
  expect(isClosed()).toBe(true)
  expect(fake.listeners('tick')).toBe(0)
  expect(sessions.count).toBe(0)
})

test('events are dropped for a peer that does not read, and come again when it does', () => {
  const fake = fakeEngine()
  const pair = wirePair(fake.served)
  const heard: number[] = []
  pair.client.on('tick', (now) => heard.push(now.at))
  fake.emit('tick', { ...emptyNow, at: 1 })
  pair.setUnread(SLOW_READER_BYTES + 1)
  fake.emit('tick', { ...emptyNow, at: 2 })
  pair.setUnread(0)
  fake.emit('tick', { ...emptyNow, at: 3 })
  expect(heard).toEqual([1, 3])
})

test('a peer that lets its answers pile up loses the connection', async () => {
  const pair = wirePair(fakeEngine().served)
  pair.setUnread(STUCK_READER_BYTES + 1)
  await pair.client.call('now', {})
  expect(pair.isClosed()).toBe(true)
  expect(pair.sent.at(-1)).toBe('{"closing":"answers are not being read"}\n')
})

test('calls beyond the limit are refused while the others are in flight', async () => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const fake = fakeEngine({ stop: () => gate.then(() => ok({})) })
  const { client } = wirePair(fake.served)
  const calls = Array.from({ length: MAX_CALLS + 1 }, () => client.call('stop', {}))
  expect(await calls[MAX_CALLS]).toMatchObject({ ok: false, code: 'failed' })
  release()
  expect((await Promise.all(calls.slice(0, MAX_CALLS))).every((answer) => answer.ok)).toBe(true)
})

test('an answer longer than a frame is a problem that says so', async () => {
  const row = { pid: 1, exe: 'x'.repeat(1_000), cpuCores: 1, powerW: null, processes: 1 }
  const fake = fakeEngine({
    unnamed: () => ok({ processes: Array.from({ length: MAX_FRAME_BYTES / 1_000 }, () => row) }),
  })
  const { client } = wirePair(fake.served)
  expect(await client.call('unnamed', {})).toMatchObject({
    code: 'failed',
    reason: expect.stringContaining(`longer than ${MAX_FRAME_BYTES} bytes`),
  })
})

test('a frame that is not one of the protocol ends the connection with the reason', () => {
  const { inject, isClosed, sent } = wirePair(fakeEngine().served)
  inject('{"id":-1,"method":"now","input":{}}\n')
  expect(isClosed()).toBe(true)
  expect(sent.at(-1)).toBe('{"closing":"a frame is not one of the protocol"}\n')
})

const frame = fc.oneof(
  fc.record({ id: fc.nat(), method: fc.constantFrom('now', 'live', 'pause', 'nope'), input: fc.jsonValue() }),
  fc.record({ subscribe: fc.constantFrom('tick', 'toString') }),
  fc.record({ unsubscribe: fc.constantFrom('tick', 'stopping') }),
  fc.jsonValue(),
)

test('whatever a peer sends, the engine neither throws nor stops serving others', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame), fc.array(fc.uint8Array()), async (frames, noise) => {
      const fake = fakeEngine()
      const pair = wirePair(fake.served)
      for (const value of frames) pair.inject(`${JSON.stringify(value)}\n`)
      for (const bytes of noise) pair.inject(bytes)
      fake.emit('tick', emptyNow)
      const other = wirePair(fake.served)
      expect((await other.client.call('now', {})).ok).toBe(true)
      expect(pair.bugs).toEqual([])
    }),
    fcOptions('wire', 200, 20_000),
  )
})
