import { describe, expect, test } from 'vitest'
import { AppId } from '../../../contract/ids.ts'
import { problem } from '../../../contract/result.ts'
import { virtualClock } from '../../../engine/clock/virtual.ts'
import { loadedModel } from '../../../engine/connectors/server-words.ts'
import { PolledServer } from '../../../engine/servers/polled-server.ts'
import { counted, ScriptedServer, silent, told } from './scripted-server.ts'

const TICK_MS = 1_000

/** A server under a clock that moves by ticks; each look ends before the next tick. */
function polled(script = new ScriptedServer(), others: readonly ScriptedServer[] = []) {
  const clock = virtualClock({ wallMs: 0 })
  const server = new PolledServer({
    origin: 'http://127.0.0.1:1',
    app: AppId.parse('app'),
    processKey: '1.1',
    ask: silent,
    dialects: [...others, script].map(({ connector }) => connector),
    nowMs: 0,
  })
  async function run(ticks: number, isBusy = false): Promise<number> {
    const before = script.polls
    for (let tick = 0; tick < ticks; tick += 1) {
      server.tick(clock, isBusy)
      await server.looking
      clock.advance(TICK_MS)
    }
    return script.polls - before
  }
  return { clock, server, script, run }
}

const broken = problem('broken', 'It broke off.')
const absent = problem('absent', 'It does not listen.')

describe('a server that is looked at', () => {
  test('each second while it has requests, each quarter of a minute once it is quiet, each minute later', async () => {
    const { script, run } = polled()
    script.answer = told({ inFlight: 2 })
    expect(await run(30)).toBe(30)
    script.answer = told()
    await run(10)
    expect(await run(60)).toBe(4)
    await run(300)
    expect(await run(600)).toBe(10)
  })

  test('each second while its counters rise, though it does not tell what is in flight', async () => {
    const { script, run } = polled()
    for (let look = 0; look < 20; look += 1) {
      script.answer = counted(10 * look, { inFlight: null })
      expect(await run(1)).toBe(1)
    }
  })

  test('each second while its processes work, whatever it says itself', async () => {
    const { run } = polled()
    await run(120)
    expect(await run(20, true)).toBe(20)
  })

  test('at once where its app’s processes came or went', async () => {
    const { clock, server, script, run } = polled()
    script.answer = told({ models: [] })
    await run(60)
    expect(await run(10)).toBe(0)
    server.lookSoon(clock.monotonicMs())
    expect(await run(2)).toBe(1)
  })

  test('as one that is idle while its processes only busy-wait, in ticks of any length', async () => {
    const { clock, server, run } = polled()
    await run(5, true)
    expect(server.isIdle).toBe(true)
    for (let tick = 0; tick < 3; tick += 1) {
      clock.advance(60_000)
      server.tick(clock, true)
      expect(server.isIdle).toBe(true)
      await server.looking
    }
  })

  test.each([
    ['whose models all sleep', told({ models: [loadedModel('qwen', { state: 'sleeping' })] })],
    ['that holds no model', told({ models: [] })],
  ])('hardly ever, %s', async (_name, answer) => {
    const { script, run } = polled()
    script.answer = answer
    await run(60)
    expect(await run(1_200)).toBeLessThanOrEqual(4)
  })

  test('never twice at a time, however late it answers', async () => {
    const { clock, server, script } = polled()
    script.hold()
    for (let tick = 0; tick < 30; tick += 1) {
      server.tick(clock, true)
      await Promise.resolve()
      clock.advance(TICK_MS)
    }
    expect(script.polls).toBe(1)
    script.release()
    await server.looking
    expect(server.state).toBe('connected')
  })

  test('no more after it was closed, and what comes late changes nothing', async () => {
    const { clock, server, script, run } = polled()
    script.hold()
    server.tick(clock, false)
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
    server.isClosed = true
    script.release()
    await server.looking
    expect(server.report).toBeNull()
    expect(await run(100, true)).toBe(0)
  })
})

describe('a server that fails', () => {
  test.each([
    ['breaks off', broken],
    ['takes no more requests', problem('starting', 'It is loading.')],
  ])('keeps what it said where it %s once or twice', async (_name, fault) => {
    const { server, script, run } = polled()
    await run(1)
    script.answer = fault
    expect(await run(4)).toBe(2)
    expect(server.state).toBe('connected')
    expect(await run(2)).toBe(1)
    expect(server.state).not.toBe('connected')
    expect(server.report).toBeNull()
    expect(server.problem).toEqual(fault)
  })

  test('is asked ever more rarely, and is back with its next answer', async () => {
    const { server, script, run } = polled()
    await run(1)
    script.answer = broken
    await run(240)
    expect(await run(300)).toBeLessThanOrEqual(5)
    script.answer = told()
    await run(61)
    expect(server.state).toBe('connected')
    expect(server.problem).toBeNull()
  })

  test('is gone at once where nobody listens, and identified anew when somebody does', async () => {
    const { server, script, run } = polled()
    await run(1)
    script.answer = absent
    await run(20)
    expect(server.state).toBe('gone')
    script.answer = told()
    script.identity = 'other'
    await run(61)
    expect(server.state).toBe('unknown')
    script.identity = null
    await run(61)
    expect(server.state).toBe('connected')
    expect(script.identifies).toBeGreaterThanOrEqual(3)
  })

  test('was another one while it was away: no rise lies over the gap', async () => {
    const { server, script, run } = polled()
    script.answer = counted(1_000)
    await run(1)
    script.answer = absent
    await run(20)
    script.answer = counted(9_000)
    await run(61)
    expect(server.takeRises()).toEqual([])
    script.answer = counted(9_005)
    await run(61)
    expect(server.takeRises()).toMatchObject([{ outputTokens: 5 }])
  })

  test('answers like another server: it is another server', async () => {
    const { server, script, run } = polled()
    await run(1)
    script.answer = problem('foreign', 'It answers, but not as this server does.')
    await run(16)
    expect(server.state).toBe('unknown')
    expect(server.report).toBeNull()
  })

  test('wants a key: that is said, with whose server it is, and not asked each tick', async () => {
    const { server, script, run } = polled()
    script.identity = problem('denied', 'It wants a key.')
    await run(120)
    expect(server.state).toBe('denied')
    expect(server.connector?.id).toBe('scripted')
    expect(script.identifies).toBeLessThanOrEqual(8)
  })
})

describe('an unknown server', () => {
  test('is tried in each dialect until one is its own', async () => {
    const other = new ScriptedServer('other')
    other.identity = 'other'
    const { server, script, run } = polled(new ScriptedServer(), [other])
    await run(3)
    expect(server.connector).toBe(script.connector)
    expect([other.identifies, script.identifies]).toEqual([1, 1])
  })

  test('is left alone for a minute where it is nobody’s', async () => {
    const { server, script, run } = polled()
    script.identity = 'other'
    await run(59)
    expect(script.identifies).toBe(1)
    await run(3)
    expect(script.identifies).toBe(2)
    expect(server.state).toBe('unknown')
  })
})

test('a rise lies between the two looks that show it, and is told once', async () => {
  const { server, script, run } = polled()
  script.answer = counted(100, { inFlight: 1 })
  await run(1)
  script.answer = counted(140, { inFlight: 1 })
  await run(1)
  expect(server.takeRises()).toMatchObject([{ outputTokens: 40, fromMs: 0, toMs: 1_000 }])
  expect(server.takeRises()).toEqual([])
})

test('a server is idle after two quiet looks, and no longer once its processes work', async () => {
  const { server, script, run } = polled()
  script.answer = told({ inFlight: 1 })
  await run(3)
  expect(server.isIdle).toBe(false)
  script.answer = told()
  await run(1)
  expect(server.isIdle).toBe(false)
  await run(1)
  expect(server.isIdle).toBe(true)
  await run(10)
  script.answer = told({ inFlight: null })
  await run(1, true)
  expect(server.isIdle).toBe(false)
})
