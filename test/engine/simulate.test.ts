import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { energy } from '../../cli/format.ts'
import { type TruthRow, truthRows } from '../../cli/rig-truth.ts'
import { openPlayable } from '../../cli/rigs.ts'
import { type Column, table } from '../../cli/table.ts'
import type { HistoryRow } from '../../contract/history.ts'
import { loadRigFile } from '../../engine/host/rig/load-file.ts'
import { rigHost } from '../../engine/host/rig/rig-host.ts'
import type { Rig } from '../../engine/host/rig/schema.ts'
import { rigTruth } from '../../engine/host/rig/truth.ts'
import { rigPlayer, type Simulation, simulate } from '../../engine/simulate.ts'
import { fcOptions } from '../support/counts.ts'
import { rigWith } from '../support/rigs.ts'

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

async function play(rig: Rig, options: { everyTick?: boolean; tickMs?: number } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'perwatt-test-'))
  directories.push(directory)
  const host = rigHost(rig, options.tickMs === undefined ? {} : { tickMs: options.tickMs })
  const result = await simulate(rigPlayer(host, { everyTick: options.everyTick ?? false }), {
    version: 'test',
    dataDir: directory,
    timeZone: rig.zone,
  })
  if (!result.ok) throw new Error(result.reason)
  return { simulation: result.value, truth: rigTruth(rig, 0, host.durationMs), host }
}

async function shippedRig(name: string): Promise<Rig> {
  const rig = await loadRigFile(join(import.meta.dirname, '..', 'rigs', name))
  if (!rig.ok) throw new Error(rig.reason)
  return rig.value
}

function energies(rows: readonly HistoryRow[]): Record<string, number> {
  return Object.fromEntries(rows.map((row) => [row.key, row.energyMj]))
}

function expectConserved({ byApp, byDomain }: Simulation): void {
  for (const history of [byApp, byDomain]) {
    expect(history.attributedMj + history.idleMj + history.otherMj).toBe(history.measuredMj)
  }
  expect(byApp.rows.reduce((sum, row) => sum + row.energyMj, 0)).toBe(byApp.attributedMj)
  for (const row of byDomain.rows) expect(row.activeMj + row.idleMj + row.otherMj).toBe(row.energyMj)
}

const DEVICES = ['nvidia-desktop', 'dual-3090', 'intel-laptop-battery', 'amd-radeon', 'arc-desktop', 'hybrid-laptop']
const ELSEWHERE = ['mac-mini-m4', 'macbook', 'windows-gaming-pc']
/** Of whole chips, of slices of cards, of what a plug sees, and of nothing. */
const SHARED = ['ryzen-ai-apu', 'xeon-gpu-server', 'raspberry-pi-plug', 'cloud-vm']
const COUNTERS = ['rapl-laptop', 'amd-desktop', 'clock-trouble', 'zones-come-and-go']

for (const name of [...COUNTERS, ...DEVICES, ...ELSEWHERE, ...SHARED].map((rig) => `${rig}.json`)) {
  test(`${name}: each app's energy is the rig's truth within its tolerance, and every millijoule is accounted for`, async () => {
    const { simulation, truth } = await play(await shippedRig(name))
    expectConserved(simulation)
    const measured = energies(simulation.byApp.rows)
    expect(truth.apps.length).toBeGreaterThan(0)
    for (const app of truth.apps) {
      const ratio = (measured[app.app] ?? 0) / app.energyMj
      expect(Math.abs(ratio - 1), `${app.app}: ${ratio}`).toBeLessThanOrEqual(app.toleranceRatio ?? 0)
    }
  })
}

test.each([...DEVICES, ...ELSEWHERE, ...SHARED])(
  '%s: what is found stands beside what is true, as perwatt simulate prints it',
  async (name) => {
    const rigs = join(import.meta.dirname, '..', 'rigs')
    const playable = await openPlayable(name, rigs)
    if (!playable.ok) throw new Error(playable.reason)
    const directory = mkdtempSync(join(tmpdir(), 'perwatt-test-'))
    directories.push(directory)
    const { player, timeZone, truth } = playable.value
    const result = await simulate(player, { version: 'test', dataDir: directory, timeZone })
    if (!result.ok) throw new Error(result.reason)
    const lines = table(TRUTH_COLUMNS, truth(result.value), { width: 80 })
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(rigs, 'expected', `${name}.txt`))
  },
)

test('a card that sleeps is never woken by being looked at, and what it draws meanwhile is nobody’s', async () => {
  const { simulation, truth, host } = await play(await shippedRig('hybrid-laptop.json'))
  expect(host.wakings).toEqual([])
  const card = simulation.byDomain.rows.find(({ key }) => key === 'gpu/0000:01:00.0')
  const trueMj = truth.zones.find(({ domain }) => domain === 'gpu/0000:01:00.0')?.energyMj ?? 0
  expect(card?.energyMj).toBeLessThanOrEqual(trueMj)
  expect(card?.energyMj).toBeGreaterThan(trueMj * 0.98)
})

test('idle of an app is what its model drew while nothing worked', async () => {
  const { simulation, truth } = await play(await shippedRig('nvidia-desktop.json'))
  for (const app of truth.apps) {
    const row = simulation.byApp.rows.find(({ key }) => key === app.app)
    expect(Math.abs((row?.idleMj ?? 0) / app.idleMj - 1), app.app).toBeLessThan(0.01)
  }
})

test('a battery tells what the laptop draws while it is unplugged, beside the sum and never in it', async () => {
  const { simulation, truth } = await play(await shippedRig('intel-laptop-battery.json'))
  const found = simulation.byDomain.rows.find(({ key }) => key === 'battery/main')?.energyMj ?? 0
  const trueMj = truth.zones.find(({ domain }) => domain === 'battery/main')?.energyMj ?? 0
  expect(Math.abs(found / trueMj - 1)).toBeLessThan(0.01)
  expect(Math.abs(simulation.byApp.measuredMj / truth.energyMj - 1)).toBeLessThan(0.01)
})

test('a MacBook’s battery and controller tell what it draws, display on and off, and the battery only while it is unplugged', async () => {
  const { simulation, truth } = await play(await shippedRig('macbook.json'))
  for (const domain of ['battery/main', 'board/smc']) {
    const found = simulation.byDomain.rows.find(({ key }) => key === domain)?.energyMj ?? 0
    const trueMj = truth.zones.find((zone) => zone.domain === domain)?.energyMj ?? 0
    expect(Math.abs(found / trueMj - 1), domain).toBeLessThan(0.01)
  }
  expect(Math.abs(simulation.byApp.measuredMj / truth.energyMj - 1)).toBeLessThan(0.01)
})

test('on Windows idle of an app is told by the memory of the card that it holds, although NVIDIA’s library tells none', async () => {
  const { simulation, truth } = await play(await shippedRig('windows-gaming-pc.json'))
  for (const app of truth.apps) {
    const row = simulation.byApp.rows.find(({ key }) => key === app.app)
    expect(Math.abs((row?.idleMj ?? 0) / app.idleMj - 1), app.app).toBeLessThan(0.04)
    expect(app.determined).toBe(true)
  }
})

test.each(ELSEWHERE)('%s: long and short ticks give the same energies', async (name) => {
  const rig = await shippedRig(`${name}.json`)
  const [coarse, fine] = [(await play(rig)).simulation, (await play(rig, { everyTick: true })).simulation]
  expect(coarse.ticks).toBeLessThan(fine.ticks / 2)
  expectConserved(fine)
  for (const by of ['byApp', 'byDomain'] as const) {
    const [a, b] = [energies(coarse[by].rows), energies(fine[by].rows)]
    expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort())
    for (const [key, energyMj] of Object.entries(a)) {
      expect(Math.abs(energyMj / (b[key] as number) - 1), key).toBeLessThan(0.005)
    }
  }
})

test('of a chip that several compute on, each app pays for its part of it, and the parts are never counted twice', async () => {
  const { simulation, truth } = await play(await shippedRig('ryzen-ai-apu.json'))
  const energyOf = (domain: string) => simulation.byDomain.rows.find(({ key }) => key === domain)?.energyMj ?? 0
  const parts = ['cpu/0/rest', 'gpu/0000:c4:00.0', 'npu/0000:c5:00.1']
  const chip = truth.zones.find(({ domain }) => domain === 'cpu/0')
  expect(Math.abs(parts.reduce((sum, part) => sum + energyOf(part), 0) / (chip?.energyMj ?? 0) - 1)).toBeLessThan(0.001)
  for (const part of parts.slice(1)) {
    const trueMj = truth.zones.find(({ domain }) => domain === part)?.energyMj ?? 0
    expect(Math.abs(energyOf(part) / trueMj - 1), part).toBeLessThan(0.01)
  }
})

test('a chip whose counter only root may read is told by its firmware, and divided alike', async () => {
  const rig = await shippedRig('ryzen-ai-apu.json')
  const domains = rig.domains.map((domain) => ({ ...domain, access: 'denied' as const }))
  const { simulation, truth } = await play({ ...rig, domains })
  expectConserved(simulation)
  const row = truthRows(simulation, truth).find(({ key }) => key === 'cpu/apu')
  expect(row?.provenance).toBe('sensor')
  for (const { key, measuredMj, trueMj } of truthRows(simulation, truth)
    .filter(({ what }) => what === 'app')
    .concat(row ?? []))
    expect(Math.abs(measuredMj / trueMj - 1), key).toBeLessThan(0.01)
})

test('cards that are split are divided by memory, all others by time', async () => {
  const { simulation, truth } = await play(await shippedRig('xeon-gpu-server.json'))
  const energies = new Map(simulation.byApp.rows.map((row) => [row.key, row]))
  for (const { app, energyMj } of truth.apps) {
    const row = energies.get(app)
    const isTimed = app === 'vllm' || app === 'axolotl'
    expect(Math.abs((row?.energyMj ?? 0) / energyMj - 1), app).toBeLessThan(isTimed ? 0.01 : 0.2)
    if (!isTimed) expect(row?.uncertainty, app).toBeGreaterThan(0.3)
  }
})

test('a plug tells the whole machine, its silence is a gap, and what it sees beside the sum is overhead', async () => {
  const { simulation, truth, host } = await play(await shippedRig('raspberry-pi-plug.json'))
  const rows = simulation.byDomain.rows
  const plug = rows.find(({ key }) => key === 'wall/plug')
  const seen = truth.zones.find(({ domain }) => domain === 'wall/plug')
  const [floorW, lossRatio] = [host.rig.meters[0]?.floorW ?? 0, host.rig.meters[0]?.lossRatio ?? 0]
  const always = truth.energyMj * (1 + lossRatio) + floorW * host.durationMs
  expect(plug?.provenance).toBe('counter')
  expect(plug?.energyMj).toBeLessThanOrEqual(seen?.energyMj ?? 0)
  expect(plug?.energyMj).toBeGreaterThan(0.99 * (seen?.energyMj ?? 0))
  expect(plug?.energyMj).toBeLessThan(0.98 * always)
  expect(simulation.byApp.overheadBy).toBe('wall/plug')
  expect(simulation.byApp.overheadMj).toBeGreaterThan(0)
  expect(simulation.byApp.measuredMj).toBe(rows.reduce((sum, row) => sum + (row === plug ? 0 : row.energyMj), 0))
})

test('stolen time is no work: a machine that is kept from its CPUs draws as if it rested', async () => {
  const rig = await shippedRig('cloud-vm.json')
  const still = { ...rig, processes: [], duration: '30m' }
  const withSteal = (steal: number) => play({ ...still, cpu: { ...rig.cpu, steal } })
  const [none, much] = [(await withSteal(0)).simulation, (await withSteal(6)).simulation]
  expect(much.byApp.measuredMj).toBe(none.byApp.measuredMj)
})

test.each(SHARED)('%s: long and short ticks give the same energies', async (name) => {
  const rig = await shippedRig(`${name}.json`)
  const [coarse, fine] = [(await play(rig)).simulation, (await play(rig, { everyTick: true })).simulation]
  expectConserved(fine)
  const [a, b] = [energies(coarse.byApp.rows), energies(fine.byApp.rows)]
  expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort())
  for (const [app, energyMj] of Object.entries(a)) {
    expect(Math.abs(energyMj / (b[app] as number) - 1), app).toBeLessThan(0.005)
  }
})

for (const name of ['estimate-vm.json', 'cloud-vm.json', 'denied-rapl.json', 'hidden-container.json']) {
  test(`${name}: without a counter there is an estimate that says so, never 0 W`, async () => {
    const { simulation } = await play(await shippedRig(name))
    expectConserved(simulation)
    expect(simulation.byApp.measuredMj).toBeGreaterThan(0)
    expect(simulation.byApp.estimatedRatio).toBe(1)
    for (const row of simulation.byApp.rows) expect(row.provenance).toBe('estimate')
  })
}

test('a suspend, a set clock and a reset counter are gaps; no energy of theirs is booked', async () => {
  const { simulation, truth } = await play(await shippedRig('clock-trouble.json'))
  expect(simulation.byApp.gaps.map((gap) => gap.cause)).toEqual(['suspend', 'clock', 'clock', 'suspend', 'suspend'])
  expect(simulation.byApp.measuredMj).toBeLessThanOrEqual(truth.energyMj)
  expect(simulation.byApp.measuredMj).toBeGreaterThan(truth.energyMj * 0.99)
})

const TRUTH_COLUMNS: readonly Column<TruthRow>[] = [
  { title: 'WHAT', text: (row) => row.what },
  { title: '', isElastic: true, text: (row) => row.key },
  { title: 'MEASURED', align: 'right', text: (row) => energy(row.measuredMj, row) },
  { title: 'TRUE', align: 'right', text: (row) => energy(Math.round(row.trueMj)) },
  { title: 'OFF', align: 'right', text: (row) => `${((row.measuredMj / row.trueMj - 1) * 100).toFixed(1)} %` },
  { title: 'BY', text: (row) => row.provenance ?? '' },
]

/** A machine whose loads are constant between a few changes. */
function steadyRig(cores: readonly number[], floorW: number, wattsPerCore: number): Rig {
  return rigWith({
    duration: '20m',
    cpu: { model: 'Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz', logicalCpus: 32, physicalCores: 16 },
    domains: [{ zone: 'package-0', floorW, wattsPerCore }],
    processes: cores.map((load, i) => ({ name: `app-${i}`, app: `app-${i}`, exe: `/opt/app-${i}`, start: '2m', load })),
  })
}

test('coarse and fine ticks give the same energies where loads are constant', async () => {
  const machine = fc.record({
    cores: fc.array(
      fc.integer({ min: 1, max: 20 }).map((tenths) => tenths / 10),
      { minLength: 1, maxLength: 6 },
    ),
    floorW: fc.integer({ min: 2, max: 40 }),
    wattsPerCore: fc.integer({ min: 1, max: 12 }),
  })
  await fc.assert(
    fc.asyncProperty(machine, async ({ cores, floorW, wattsPerCore }) => {
      const rig = steadyRig(cores, floorW, wattsPerCore)
      const coarse = (await play(rig)).simulation
      const fine = (await play(rig, { everyTick: true })).simulation
      expect(coarse.ticks).toBeLessThan(fine.ticks / 4)
      expectConserved(coarse)
      expectConserved(fine)
      const [a, b] = [energies(coarse.byApp.rows), energies(fine.byApp.rows)]
      expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort())
      for (const [app, energyMj] of Object.entries(a)) {
        expect(Math.abs(energyMj / (b[app] as number) - 1), app).toBeLessThan(0.005)
      }
    }),
    fcOptions('simulate', 4, 60),
  )
})

test('a rig played twice is the same run, to the millijoule', async () => {
  const rig = await shippedRig('rapl-laptop.json')
  const [first, second] = [await play(rig), await play(rig)]
  expect(second.simulation.byApp).toEqual(first.simulation.byApp)
  expect(second.simulation.byDomain).toEqual(first.simulation.byDomain)
})
