import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gpuAccelerators, parseClients, timeByPid } from '../../../engine/processes/gpu-accelerators.ts'
import { fcOptions } from '../../support/counts.ts'
import { MemoryHost } from '../../support/memory-host.ts'
import { ScriptedSession } from '../../support/scripted-session.ts'

type Client = readonly [id: string, creator: string, ...times: readonly number[]]

function answerOf(clients: readonly Client[], className = 'AGXAcceleratorG14X') {
  return {
    accelerators: [
      {
        className,
        clients: clients.map(([id, creator, ...times]) => ({
          id,
          creator,
          usage: times.map((ms) => ({ API: 'Metal', accumulatedGPUTime: String(ms * 1e6) })),
          time: null,
        })),
      },
    ],
  }
}

function gpu() {
  const host = new MemoryHost()
  let clients: readonly Client[] = []
  const session = new ScriptedSession(host.clock, () => answerOf(clients))
  host.vendors.set('accelerators', session)
  const reader = gpuAccelerators.open({ host, tracked: () => [] })
  if (reader === null) throw new Error('not opened')
  return {
    /** A second later, in which the clients came to these totals. */
    look(now: readonly Client[]) {
      clients = now
      host.clock.advance(1_000)
      session.ask()
      return reader.sample(host.clock.monotonicMs())
    },
    reader,
    session,
  }
}

const timesOf = (uses: ReturnType<ReturnType<typeof gpu>['look']>) =>
  uses.flatMap(({ processes }) => processes.map(({ pid, busyMs }) => [pid, busyMs]))

test('a process’s GPU time is what its clients gained, over all their APIs', () => {
  const { look } = gpu()
  expect(look([['1', 'pid 50, ollama', 100, 20]])).toEqual([])
  const uses = look([
    ['1', 'pid 50, ollama', 400, 70],
    ['2', 'pid 50, ollama', 30],
    ['3', 'pid 90, WindowServer', 5],
  ])
  expect(uses).toMatchObject([{ device: 'apple-gpu', fromMs: 1_000, toMs: 2_000, busyMs: null }])
  expect(timesOf(uses)).toEqual([
    [50, 380],
    [90, 5],
  ])
})

test('a client that closes takes its total with it, and the others go on counting', () => {
  const { look } = gpu()
  look([
    ['1', 'pid 50, ollama', 9_000],
    ['2', 'pid 50, ollama', 10],
  ])
  expect(timesOf(look([['2', 'pid 50, ollama', 60]]))).toEqual([[50, 50]])
})

test('a total that fell or jumped is not counted', () => {
  const { look } = gpu()
  look([
    ['1', 'pid 50, ollama', 500],
    ['2', 'pid 60, python', 500],
  ])
  expect(
    timesOf(
      look([
        ['1', 'pid 50, ollama', 400],
        ['2', 'pid 60, python', 90_000],
      ]),
    ),
  ).toEqual([])
})

test('a driver of Intel’s has the time on the client itself; it is not the GPU that is counted', () => {
  const client = { id: '1', creator: 'pid 50, x', usage: null, time: '5000000' }
  expect(parseClients({ accelerators: [{ className: 'AGXAccelerator', clients: [client] }] })).toEqual([
    { id: '1', pid: 50, timeNs: 5_000_000n },
  ])
  expect(parseClients({ accelerators: [{ className: 'IntelAccelerator', clients: [client] }] })).toBeNull()
})

test('what is no client is left out', () => {
  const answer = answerOf([
    ['1', 'pid x, y', 1],
    ['2', 'ollama', 1],
    ['3', 'pid 50, ollama', 1],
  ])
  expect(parseClients(answer)).toEqual([{ id: '3', pid: 50, timeNs: 1_000_000n }])
})

test('any answer is clients or none, and no time is negative or longer than the GPU could work', () => {
  const decimal = fc.oneof(fc.bigInt({ min: -1n, max: 2n ** 70n }).map(String), fc.anything())
  const client = fc.record({
    id: fc.oneof(fc.constantFrom('1', '2'), fc.anything()),
    creator: fc.oneof(fc.constantFrom('pid 7, a', 'pid 8, b', 'pid -1, c', 'pid 99999999999, d'), fc.anything()),
    usage: fc.oneof(fc.array(fc.oneof(fc.record({ accumulatedGPUTime: decimal }), fc.anything())), fc.anything()),
    time: decimal,
  })
  const answers = fc.oneof(
    fc.anything(),
    fc.record({ accelerators: fc.array(fc.record({ className: fc.constant('AGX'), clients: fc.array(client) })) }),
  )
  fc.assert(
    fc.property(answers, answers, (a, b) => {
      const before = new Map((parseClients(a) ?? []).map(({ id, timeNs }) => [id, timeNs]))
      for (const [pid, busyMs] of timeByPid(before, parseClients(b) ?? [], 1_000)) {
        expect(pid).toBeGreaterThanOrEqual(0)
        expect(busyMs >= 0 && Number.isFinite(busyMs)).toBe(true)
      }
    }),
    fcOptions('gpu-accelerators', 200, 20_000),
  )
})
