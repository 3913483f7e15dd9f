import { expect, expectTypeOf, test } from 'vitest'
import { type Contract, contract } from '../../contract/index.ts'
import type { Now } from '../../contract/now.ts'
import type { Result } from '../../contract/result.ts'
import { WireClient } from '../../contract/wire.ts'
import { emptyNow, fakeEngine } from '../support/fake-engine.ts'
import { wirePair } from '../support/wire-pair.ts'

const utf8 = new TextEncoder()

/** A client whose link leads nowhere; what it sends is kept. */
function lonely(): { client: WireClient<Contract>; sent: string[]; said: string[]; hear(text: string): void } {
  const sent: string[] = []
  const said: string[] = []
  const client = new WireClient(contract, {
    onHello: (hello) => said.push(`hello ${hello.version}`),
    onClosing: (reason) => said.push(`closing ${reason}`),
  })
  client.open({ send: (text) => sent.push(text), close: () => said.push('closed') })
  return { client, sent, said, hear: (text) => client.receive(utf8.encode(text)) }
}

test('a call comes back with the answer of its method, typed', async () => {
  const { client } = wirePair(fakeEngine().served)
  const answer = client.call('now', {})
  expectTypeOf(answer).resolves.toExtend<Result<Now>>()
  expect(await answer).toEqual({ ok: true, value: emptyNow })
})

test('a problem comes back whole, with its remedy', async () => {
  const remedy = { kind: 'command', argv: ['chmod', '700', '/x'], asRoot: true, note: 'once' } as const
  const fake = fakeEngine({ history: () => ({ ok: false, code: 'noHistory', reason: 'None yet.', remedy }) })
  const { client } = wirePair(fake.served)
  const answer = await client.call('history', { fromS: 0, toS: 1, by: 'app' })
  expect(answer).toEqual({ ok: false, code: 'noHistory', reason: 'None yet.', remedy })
})

test('input that the contract refuses is not even sent', async () => {
  const { client, sent } = lonely()
  const answer = await client.call('live', { forS: 5 })
  expect(answer).toMatchObject({ ok: false, code: 'badInput' })
  expect(answer.ok ? '' : answer.reason).toContain('live: forS:')
  expect(sent).toEqual([])
})

test('answers are matched to calls by id, in any order', async () => {
  const { client, hear } = lonely()
  const first = client.call('pause', { forS: null })
  const second = client.call('stop', {})
  hear(
    '{"id":2,"result":{"ok":true,"value":{}}}\n{"id":1,"result":{"ok":false,"code":"failed","reason":"no","remedy":null}}\n',
  )
  expect(await second).toEqual({ ok: true, value: {} })
  expect(await first).toMatchObject({ ok: false, code: 'failed', reason: 'no' })
})

test('an answer that is not what the contract says is a problem, not a value', async () => {
  const { client, hear } = lonely()
  const answer = client.call('settings', {})
  hear('{"id":1,"result":{"ok":true,"value":{"theme":"plaid"}}}\n')
  expect(await answer).toMatchObject({ ok: false, code: 'failed', reason: expect.stringContaining('theme') })
})

test('an answer to a call that nobody made is ignored', () => {
  const { said, hear } = lonely()
  hear('{"id":77,"result":{"ok":true,"value":{}}}\n')
  expect(said).toEqual([])
})

test('calls in flight answer engineDown when the connection is lost, later ones at once', async () => {
  const { client } = lonely()
  const answer = client.call('now', {})
  client.lost('The engine ended.')
  expect(await answer).toMatchObject({ ok: false, code: 'engineDown', reason: 'The engine ended.' })
  expect(await client.call('now', {})).toMatchObject({ ok: false, code: 'engineDown' })
})

test('subscriptions are renewed on the next connection', () => {
  const { client, sent } = lonely()
  client.on('tick', () => {})
  const off = client.on('settingsChanged', () => {})
  off()
  client.lost()
  const again: string[] = []
  client.open({ send: (text) => again.push(text), close: () => {} })
  expect(sent).toEqual([
    '{"subscribe":"tick"}\n',
    '{"subscribe":"settingsChanged"}\n',
    '{"unsubscribe":"settingsChanged"}\n',
  ])
  expect(again).toEqual(['{"subscribe":"tick"}\n'])
})

test('two listeners of one event are one subscription, ended by the last', () => {
  const { client, sent, hear } = lonely()
  let heard = 0
  const listener = () => {
    heard += 1
  }
  const offs = [client.on('sourcesChanged', listener), client.on('sourcesChanged', listener)]
  hear('{"event":"sourcesChanged","payload":{}}\n')
  expect(heard).toBe(2)
  offs[0]?.()
  offs[0]?.()
  expect(sent).toEqual(['{"subscribe":"sourcesChanged"}\n'])
  offs[1]?.()
  expect(sent[1]).toBe('{"unsubscribe":"sourcesChanged"}\n')
})

test('an event whose payload is not what the contract says is dropped', () => {
  const { client, said, hear } = lonely()
  const heard: unknown[] = []
  client.on('tick', (now) => heard.push(now))
  hear('{"event":"tick","payload":{"at":"noon"}}\n{"event":"constructor","payload":{}}\n')
  expect(heard).toEqual([])
  expect(said).toEqual([])
})

test('an engine of another protocol is refused by name', () => {
  const { said, hear } = lonely()
  hear('{"hello":{"version":"7.1.0","pid":1,"startedS":1,"protocol":2}}\n')
  expect(said).toEqual(['closed', 'closing the engine (version 7.1.0) speaks protocol 2, not 1'])
})

test('frames behind a good-bye in the same chunk do not count', async () => {
  const { client, said, hear } = lonely()
  const answer = client.call('stop', {})
  hear('{"closing":"good-bye"}\n{"id":1,"result":{"ok":true,"value":{}}}\nnonsense\n')
  expect(await answer).toMatchObject({ ok: false, code: 'engineDown', reason: 'good-bye' })
  expect(said).toEqual(['closed', 'closing good-bye'])
})
