import { expect, onTestFinished, test } from 'vitest'
import { virtualClock } from '../../../engine/clock/virtual.ts'
import { queryClient } from '../../../engine/ledger/query-client.ts'
import { openDescribed, temporaryDirectory } from './machine.ts'
import { cpu, interval, MIDNIGHT_S } from './records.ts'

const question = { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 10, by: 'app' } as const

function clientOf(directory: string, threadFile?: URL) {
  const clock = virtualClock({ wallMs: MIDNIGHT_S * 1_000 })
  const client = queryClient({ directory, clock, ...(threadFile === undefined ? {} : { threadFile }) })
  onTestFinished(() => client.close())
  return { client, clock }
}

test('questions asked at once are each answered with their own answer, while the ledger is being written', async () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  ledger.record(interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 10], { shares: { ollama: { activeMj: 70 } } }))
  ledger.flush(MIDNIGHT_S + 10)
  const { client } = clientOf(directory)
  const [history, coverage, again] = await Promise.all([
    client.ask('history', question),
    client.ask('coverage', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 10 }),
    client.ask('history', { ...question, by: 'domain' }),
  ])
  ledger.close(MIDNIGHT_S + 10)
  expect(history).toMatchObject({ ok: true, value: { by: 'app', attributedMj: 70 } })
  expect(coverage).toEqual({ ok: true, value: 1 })
  expect(again).toMatchObject({ ok: true, value: { by: 'domain', rows: [{ key: 'cpu/0', energyMj: 70 }] } })
})

test('the thread starts with the first question, ends 30 s after the last answer, and the next question starts another', async () => {
  const directory = temporaryDirectory()
  openDescribed(directory).ledger.close(MIDNIGHT_S)
  const { client, clock } = clientOf(directory)
  expect(client.isRunning).toBe(false)
  await client.ask('history', question)
  clock.advance(29_000)
  expect(client.isRunning).toBe(true)
  await client.ask('history', question)
  clock.advance(29_000)
  expect(client.isRunning).toBe(true)
  clock.advance(1_000)
  expect(client.isRunning).toBe(false)
  expect(await client.ask('history', question)).toMatchObject({ ok: true })
})

test('a directory that gets its ledger later is answered then', async () => {
  const directory = temporaryDirectory()
  const { client } = clientOf(directory)
  expect(await client.ask('history', question)).toMatchObject({ ok: false, code: 'noHistory' })
  openDescribed(directory).ledger.close(MIDNIGHT_S)
  expect(await client.ask('history', question)).toMatchObject({ ok: true })
})

test('a thread that crashes is a problem for those who wait, and the next question starts a new one', async () => {
  const crashing = new URL(`data:text/javascript,${encodeURIComponent('throw new Error("driver")')}`)
  const { client } = clientOf(temporaryDirectory(), crashing)
  const answers = await Promise.all([client.ask('history', question), client.ask('history', question)])
  for (const answer of answers) expect(answer).toMatchObject({ ok: false, code: 'ledgerUnusable' })
  expect(client.isRunning).toBe(false)
  expect(await client.ask('history', question)).toMatchObject({ ok: false, code: 'ledgerUnusable' })
})

test('closing answers those who still wait', async () => {
  const directory = temporaryDirectory()
  openDescribed(directory).ledger.close(MIDNIGHT_S)
  const { client } = clientOf(directory)
  const waiting = client.ask('history', question)
  await client.close()
  expect(await waiting).toMatchObject({ ok: false, code: 'ledgerUnusable' })
})
