import { expect, test } from 'vitest'
import type { AppId, DomainId, SourceId } from '../../contract/ids.ts'
import { createActivityRing } from '../../engine/attribution/activity-ring.ts'
import { createDeviceRing } from '../../engine/attribution/device-activity.ts'
import { createWorkRing } from '../../engine/attribution/work-ring.ts'
import { createEnergyBook } from '../../engine/energy-book.ts'
import type { Domain } from '../../engine/sources/source.ts'

const CARD = '0000:01:00.0'
const GPU: Domain = {
  id: `gpu/${CARD}` as DomainId,
  kind: 'gpu',
  parent: null,
  source: 'nvml' as SourceId,
  provenance: 'counter',
  name: 'RTX 4090',
  gainRatio: 0.025,
  plausibleMaxW: 1_000,
  activity: 'gpu',
  tableFloorW: 15,
  device: CARD,
}

/** A card read once a second; what it draws and who is on it, second by second. */
function playedCard() {
  const book = createEnergyBook(() => null)
  const rings = { cpu: createActivityRing(), devices: createDeviceRing(), work: createWorkRing() }
  book.setDomains([GPU])
  let atMs = 0
  let mj = 0n
  const read = () => {
    const reading = { kind: 'counter', domain: GPU.id, atMs, raw: mj, unitNj: 1_000_000n, wrapsAfter: null } as const
    return book.take([reading], rings, Math.floor(atMs / 1_000))
  }
  read()
  return {
    book,
    second(powerW: number, busyMs: number, app: string | null) {
      const fromMs = atMs
      atMs += 1_000
      mj += BigInt(powerW * 1_000)
      const apps = app === null ? [] : [{ app: app as AppId, busyMs, residentBytes: 8e9 }]
      rings.devices.push({ device: CARD, fromMs, toMs: atMs, busyMs, otherMs: 0, by: 'time', apps })
      const [attribution] = read()
      return attribution
    },
  }
}

test('a card teaches its floor while no model is loaded, and then what a quiet model costs above it', () => {
  const card = playedCard()
  for (let second = 0; second < 40; second++) card.second(20, 0, null)
  let last = card.second(45, 0, 'ollama')
  for (let second = 0; second < 20; second++) last = card.second(45, 0, 'ollama')
  expect(last?.idleMj).toBe(20_000)
  expect(last?.shares).toMatchObject([{ app: 'ollama', activeMj: 0, idleMj: 25_000 }])
  const half = card.second(200, 500, 'ollama')
  expect(half?.shares[0]?.idleMj).toBeCloseTo(12_500, -2)
  expect(half?.otherMj).toBe(0)
  expect(card.book.views(100)[0]?.shareRatio).toBe(0.1)
})

test('a server that never lets its model go teaches no floor, so that nothing is called residency', () => {
  const card = playedCard()
  let last = card.second(45, 0, 'ollama')
  for (let second = 0; second < 60; second++) last = card.second(45, 0, 'ollama')
  expect(last).toMatchObject({ idleMj: 15_000, otherMj: 30_000, shares: [] })
  expect(card.book.views(100)[0]?.floor.origin).toBe('table')
})

/** A second in which an app draws for all of it and another computes for 1.5 s of 2 s of CPU time: what of 24 W its parts leave over. */
function restOfChip(parts: readonly { readonly domain: Domain; readonly powerW: number }[]) {
  const book = createEnergyBook(() => null)
  const rings = { cpu: createActivityRing(), devices: createDeviceRing(), work: createWorkRing() }
  const chip: Domain = { ...PART, id: 'cpu/0' as DomainId, kind: 'cpu', activity: 'cpu', parent: null, tableFloorW: 4 }
  book.setDomains([chip, ...parts.map(({ domain }) => domain)])
  const read = (atMs: number) =>
    book.take(
      [{ domain: chip, powerW: 24 }, ...parts].map(({ domain, powerW }) => ({
        ...({ kind: 'counter', domain: domain.id, atMs, raw: BigInt(powerW * atMs) } as const),
        ...{ unitNj: 1_000_000n, wrapsAfter: null },
      })),
      rings,
      atMs / 1_000,
    )
  read(0)
  const draws = { app: 'draws' as AppId, busyMs: 1_000, residentBytes: 0 }
  rings.devices.push({ device: CARD, fromMs: 0, toMs: 1_000, busyMs: 1_000, otherMs: 0, by: 'time', apps: [draws] })
  const codes = { app: 'codes' as AppId, cpuMs: 1_500, plainCpuMs: 1_500, processes: 1 }
  rings.cpu.push({ atMs: 1_000, intervalMs: 1_000, busyMs: 2_000, logicalCpus: 4, apps: [codes] })
  return read(1_000).find(({ domain }) => domain === 'cpu/0/rest')
}

const PART: Domain = { ...GPU, source: 'rapl' as SourceId, parent: 'cpu/0' as DomainId, tableFloorW: 0 }
const CORES: Domain = { ...PART, id: 'cpu/0/core' as DomainId, kind: 'core', activity: 'cpu' }

test('of a chip with graphics and nothing that tells its cores, what graphics leave over is divided by CPU time', () => {
  // 24 W less 10 W of graphics and 4 W of floor.
  expect(restOfChip([{ domain: PART, powerW: 10 }])).toMatchObject({
    idleMj: 4_000,
    otherMj: 2_500,
    shares: [{ app: 'codes', activeMj: 7_500 }],
  })
})

test('where the cores tell of themselves, what is left over follows what they and the graphics drew', () => {
  const rest = restOfChip([
    { domain: PART, powerW: 8 },
    { domain: CORES, powerW: 8 },
  ])
  expect(rest).toMatchObject({
    idleMj: 4_000,
    otherMj: 500,
    shares: [
      { app: 'codes', activeMj: 1_500 },
      { app: 'draws', activeMj: 2_000 },
    ],
  })
})
