import { expect, test } from 'vitest'
import type { DomainId, SourceId } from '../../contract/ids.ts'
import { checkFinding } from '../../engine/check-words.ts'
import { createSecondAccounts } from '../../engine/second-accounts.ts'
import type { Domain } from '../../engine/sources/source.ts'

function domain(id: string, source: string, fields: Partial<Domain> = {}): Domain {
  return {
    id: id as DomainId,
    kind: 'cpu',
    parent: null,
    source: source as SourceId,
    provenance: 'counter',
    name: id,
    gainRatio: 0.025,
    plausibleMaxW: 1_000,
    activity: 'cpu',
    tableFloorW: null,
    ...fields,
  }
}

const MINUTES_MS = 12 * 60_000
const cpu = domain('cpu/0', 'rapl')
const gpu = domain('gpu/0000:01:00.0', 'nvml', { kind: 'gpu', activity: 'gpu' })
const battery = domain('battery/main', 'battery', { kind: 'battery', provenance: 'sensor', name: 'Battery' })

function energy(of: Domain, fromMs: number, lengthMs: number, powerW: number) {
  const { id, provenance } = of
  return { domain: id, fromMs, toMs: fromMs + lengthMs, energyMj: powerW * lengthMs, provenance, varMj2: 0 }
}

function wholeOf(cpuW: number, gpuW: number, batteryW: number) {
  const accounts = createSecondAccounts()
  accounts.setDomains(
    [
      { domain: cpu, scope: 'inner' },
      { domain: gpu, scope: 'inner' },
      { domain: battery, scope: 'whole' },
    ],
    [],
  )
  for (let atMs = 0; atMs < MINUTES_MS; atMs += 1_000) {
    accounts.take(energy(cpu, atMs, 1_000, cpuW))
    accounts.take(energy(gpu, atMs, 1_000, gpuW))
    if (atMs % 4_000 === 0) accounts.take(energy(battery, atMs, 4_000, batteryW))
  }
  return accounts.views(MINUTES_MS).map(checkFinding)
}

test('a battery that gives more than the counters explain tells what display, board and losses take', () => {
  expect(wholeOf(14, 10, 31)).toEqual([
    {
      code: 'overhead',
      count: 1,
      text: 'Battery: 31 W altogether, of which 24 W are measured by part; 7.0 W are display, board, fans and losses.',
    },
  ])
})

test('parts that are measured above the whole are a contradiction, and said to be one', () => {
  expect(wholeOf(25, 15, 31)[0]).toMatchObject({ code: 'partsAboveWhole' })
})

test('while a domain tells nothing the whole is not judged, and it is again ten minutes after it came back', () => {
  const accounts = createSecondAccounts()
  const scopes = [
    { domain: cpu, scope: 'inner' },
    { domain: gpu, scope: 'inner' },
    { domain: battery, scope: 'whole' },
  ] as const
  accounts.setDomains(scopes, [])
  const silentMs = 3_600_000
  for (let atMs = 0; atMs < silentMs + MINUTES_MS; atMs += 1_000) {
    accounts.take(energy(cpu, atMs, 1_000, 14))
    if (atMs >= silentMs) accounts.take(energy(gpu, atMs, 1_000, 10))
    accounts.take(energy(battery, atMs, 1_000, 31))
    if (atMs === silentMs - 1_000) expect(accounts.views(silentMs)[0]?.verdict.kind).toBe('tooShort')
  }
  const [view] = accounts.views(silentMs + MINUTES_MS)
  expect(view?.verdict).toMatchObject({ kind: 'disagrees', otherW: 31 })
  if (view?.verdict.kind === 'disagrees') expect(view.verdict.ownW).toBeCloseTo(24, 0)
})

test('a second source of a domain is compared and books nothing; only a lasting disagreement is told', () => {
  const second = domain('cpu/0', 'hwmon', { gainRatio: 0.05 })
  for (const [secondW, finding] of [
    [21, null],
    [35, 'sourcesDisagree'],
  ] as const) {
    const accounts = createSecondAccounts()
    accounts.setDomains([{ domain: cpu, scope: 'inner' }], [second])
    for (let atMs = 0; atMs <= MINUTES_MS; atMs += 1_000) {
      accounts.take(energy(cpu, atMs, 1_000, 20))
      const reading = { kind: 'sensor', domain: second.id, atMs, powerW: secondW } as const
      accounts.check([{ source: second.source, reading }])
    }
    const [view] = accounts.views(MINUTES_MS)
    expect(view === undefined ? undefined : (checkFinding(view)?.code ?? null)).toBe(finding)
  }
})
