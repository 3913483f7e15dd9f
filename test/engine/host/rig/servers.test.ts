import { expect, test } from 'vitest'
import { connectors } from '../../../../engine/connectors/registry.ts'
import { parseRig } from '../../../../engine/host/rig/parse.ts'
import { rigHost } from '../../../../engine/host/rig/rig-host.ts'
import { DIALECTS } from '../../../../engine/host/rig/schema-servers.ts'
import { rigTruth } from '../../../../engine/host/rig/truth.ts'
import { workTruth } from '../../../../engine/host/rig/truth-work.ts'
import { askHere } from '../../../../engine/servers/asking.ts'
import { listeningPorts, loopbackOrigin } from '../../../../engine/servers/listening.ts'
import { whereTheyListen } from '../../../../engine/servers/where-they-listen.ts'
import { rigWith } from '../../../support/rigs.ts'

const MODEL = {
  name: 'tiny-Q4_K_M',
  quantisation: 'Q4_K_M',
  on: 'cpu',
  outputJ: 0.5,
  promptJ: 0.1,
  tokensPerS: 10,
  promptTokensPerS: 100,
}
/** Its prompt is read until 62 s, its answer written until 82 s. */
const REQUEST = { model: MODEL.name, at: '60s', promptTokens: 300, cachedTokens: 100, outputTokens: 200 }

function fields(server: Record<string, unknown> = {}, requests: readonly Record<string, unknown>[] = [REQUEST]) {
  return {
    duration: '10m',
    users: { ada: 1000 },
    domains: [{ zone: 'package-0', floorW: 5, wattsPerCore: 10 }],
    processes: [{ name: 'engine', app: 'vllm', exe: '/opt/engine', pid: 4_242, start: '10s' }],
    servers: [{ port: 8_000, process: 'engine', dialect: 'vllm', models: [MODEL], requests, ...server }],
  }
}

test('its process holds the socket on which it listens, while it lives', () => {
  const host = rigHost(rigWith(fields()))
  expect(listeningPorts(host.files, [4_242])).toEqual([])
  host.clock.advance(20_000)
  const [listening] = listeningPorts(host.files, [4_242])
  expect(listening).toEqual({ pid: 4_242, address: '127.0.0.1', port: 8_000 })
  expect(listening === undefined ? null : loopbackOrigin(listening)).toBe('http://127.0.0.1:8000')
})

test('a server of another account is found on the port that such servers have, by the account of its socket', () => {
  const host = rigHost(rigWith({ ...fields(), meterUid: 1_001 }))
  host.clock.advance(20_000)
  expect(listeningPorts(host.files, [4_242])).toEqual([])
  const place = { pid: 4_242, origin: 'http://127.0.0.1:8000' }
  expect(whereTheyListen(host, new Map([[4_242, [8_000]]]))).toEqual([place])
  expect(whereTheyListen(host, new Map([[4_242, [8_001]]]))).toEqual([])
})

test.each(DIALECTS)('a server of dialect %s is known by its connector, and tells what it holds', async (dialect) => {
  const host = rigHost(rigWith(fields({ dialect })))
  host.clock.advance(72_000)
  const connector = connectors.find(({ id }) => id === dialect)
  const opened = await connector?.identify(askHere(host, 'http://127.0.0.1:8000', () => null))
  if (!opened?.ok || opened.value === null) throw new Error(`${dialect} is not recognised`)
  const report = await opened.value.poll()
  if (!report.ok) throw new Error(report.reason)
  expect(report.value.models).toMatchObject([{ name: MODEL.name, quantisation: 'Q4_K_M', isRemote: false }])
  if (report.value.counts !== 'server') return
  expect(report.value.inFlight).toBe(1)
  const written = dialect === 'vllm' ? 100 : 0
  expect(report.value.totals).toMatchObject([{ promptTokens: 300, cachedTokens: 100, outputTokens: written }])
  host.clock.advance(60_000)
  const later = await opened.value.poll()
  expect(later.ok && later.value).toMatchObject({ inFlight: 0, totals: [{ promptTokens: 300, outputTokens: 200 }] })
})

test('what its requests draw is what its model states, to the joule', () => {
  const rig = rigWith(fields())
  const [model] = workTruth(rig, 0, 600_000).models
  expect(model).toMatchObject({ model: `vllm/${MODEL.name}`, activeMj: 1_000 * (0.1 * 200 + 0.5 * 200), idleMj: 0 })
  expect(rigTruth(rig, 0, 600_000).apps[0]?.energyMj).toBeCloseTo(model?.activeMj ?? 0, 6)
})

test('in a batch each token takes what it takes with so many beside it', () => {
  const model = {
    ...MODEL,
    promptJ: 0,
    outputJ: [
      [1, 1],
      [2, 0.6],
    ],
  }
  // One writes from 10 s to 30 s after the minute, the other from 20 s to 40 s: half of each alone, half beside the other.
  const one = { model: MODEL.name, outputTokens: 200, promptTokens: 0 }
  const requests = [
    { ...one, at: '70s' },
    { ...one, at: '80s' },
  ]
  const rig = rigWith(fields({ models: [model] }, requests))
  const { classes, models } = workTruth(rig, 0, 600_000)
  expect(classes.map(({ energyMj }) => energyMj)).toEqual([160_000, 160_000])
  expect(rigTruth(rig, 0, 600_000).apps[0]?.energyMj).toBeCloseTo(models[0]?.activeMj ?? 0, 6)
})

test('the metering proxy before it reports a request from its begin to its end, with the server’s own counts', () => {
  const asked = { ...REQUEST, metered: true, user: 'ada', by: 'key', bytesPerToken: 4 }
  const host = rigHost(rigWith(fields({}, [asked])))
  const take = (atMs: number) => {
    host.clock.advance(atMs - host.elapsedMs())
    return host.takeMeterReports().flatMap(({ events }) => events)
  }
  expect(take(59_000)).toEqual([])
  const wallMs = Date.parse('2026-11-16T08:00:00Z')
  expect(take(61_000)).toMatchObject([
    { type: 'begin', atMs: wallMs + 60_000, asker: { keyHash: expect.stringMatching(/^[0-9a-f]{12}$/), uid: null } },
    { type: 'progress', promptBytes: 1_200, deltas: 0 },
  ])
  expect(take(67_000)).toMatchObject([{ type: 'progress', deltas: 50 }])
  expect(take(90_000)).toMatchObject([
    {
      ...{ type: 'end', atMs: wallMs + 82_000, promptTokens: 300, cachedTokens: 100, completionTokens: 200 },
      ...{ tokensProvenance: 'exact', ttftMs: 2_000, durationMs: 22_000, status: 'done' },
    },
  ])
  expect(take(200_000)).toEqual([])
})

test.each([
  ['a model that its server does not have', fields({}, [{ ...REQUEST, model: 'other' }]), 'expected a model of this'],
  [
    'a request that its server is not there for',
    fields({}, [{ ...REQUEST, at: '5s' }]),
    'to be there for all requests',
  ],
  ['a request beyond the end', fields({}, [{ ...REQUEST, at: '595s' }]), 'to end within'],
  ['a process that is none', fields({ process: 'nobody' }), 'expected a process of the rig'],
  ['models without a dialect', fields({ dialect: undefined }), 'expected a dialect'],
  ['a card where there is none', fields({ models: [{ ...MODEL, on: 'gpu' }] }), 'the rig has no gpus'],
  ['a user who is nobody', fields({}, [{ ...REQUEST, user: 'cy' }]), 'expected one of users'],
  ['more work than the machine can do', fields({}, [{ ...REQUEST, concurrency: 16 }]), 'busy performance cores'],
  ['streams out of order', fields({ models: [{ ...MODEL, outputJ: [[2, 1]] }] }), 'in order, from 1 on'],
])('%s is a mistake that is told with its place', (_, made, expected) => {
  const whole = { title: 'A', about: 'B', start: '2026-11-16T08:00:00Z', cpu: { logicalCpus: 2 }, ...made }
  const rig = parseRig(JSON.stringify(whole), 'test.json')
  expect(rig.ok ? '' : rig.reason).toContain(expected)
})
