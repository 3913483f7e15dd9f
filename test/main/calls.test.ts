import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AppHandlers } from '../../contract/app.ts'
import { contract } from '../../contract/index.ts'
import { ok } from '../../contract/result.ts'
import { WireClient } from '../../contract/wire.ts'
import { callHandler } from '../../main/calls.ts'
import { fcOptions } from '../support/counts.ts'

/** Main's own methods, each noting that it was reached, and an engine whose outgoing frames can be read. */
function handlerWith() {
  const reached: unknown[] = []
  const note = (name: string) => (input: unknown) => {
    reached.push([name, input])
    return ok({})
  }
  const app = Object.fromEntries(
    ['openDashboard', 'hidePopover', 'copyText', 'restartEngine', 'quit'].map((name) => [name, note(name)]),
  ) as unknown as AppHandlers
  const sent: unknown[] = []
  const engine = new WireClient(contract)
  engine.open({ send: (text) => sent.push(JSON.parse(text)), close: () => {} })
  return { handle: callHandler(app, engine), reached, sent }
}

test('methods of the app are answered by main with their parsed input, those of the engine go to the engine', async () => {
  const { handle, reached, sent } = handlerWith()
  expect(await handle('openDashboard', { screen: 'sources', more: 1 })).toEqual(ok({}))
  expect(reached).toEqual([['openDashboard', { screen: 'sources' }]])
  void handle('live', { forS: 60 })
  expect(sent).toEqual([{ id: 1, method: 'live', input: { forS: 60 } }])
})

test('an input of the wrong shape gets nowhere', async () => {
  const { handle, reached, sent } = handlerWith()
  expect(await handle('copyText', { text: 1 })).toMatchObject({ ok: false, code: 'badInput' })
  expect(await handle('copyText', { text: 'x'.repeat(10_001) })).toMatchObject({ ok: false, code: 'badInput' })
  expect(await handle('live', { forS: 5 })).toMatchObject({ ok: false, code: 'badInput' })
  expect([reached, sent]).toEqual([[], []])
})

test('a window can neither stop the engine nor put the machine to sleep for it, nor listen by calling', async () => {
  const { handle, sent } = handlerWith()
  for (const name of ['stop', 'powerEvent', 'tick', 'engineState']) {
    expect(await handle(name, { kind: 'suspend' })).toMatchObject({ ok: false, code: 'unknownMethod' })
  }
  expect(sent).toEqual([])
})

test('any other name is an unknown method, whatever it is', async () => {
  const { handle, reached, sent } = handlerWith()
  const odd = fc.oneof(
    fc.string(),
    fc.constantFrom('constructor', '__proto__', 'toString', 'hasOwnProperty'),
    fc.anything(),
  )
  await fc.assert(
    fc.asyncProperty(odd, async (name) => {
      fc.pre(typeof name !== 'string' || !(name in contract))
      expect(await handle(name, {})).toMatchObject({ ok: false, code: 'unknownMethod' })
    }),
    fcOptions('calls', 300, 10_000),
  )
  expect([reached, sent]).toEqual([[], []])
})
