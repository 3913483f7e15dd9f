import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { energy } from '../../cli/format.ts'
import { openPlayable, type TruthRow } from '../../cli/rigs.ts'
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
const COUNTERS = ['rapl-laptop', 'amd-desktop', 'clock-trouble', 'zones-come-and-go']

for (const name of [...COUNTERS, ...DEVICES].map((rig) => `${rig}.json`)) {
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

test.each(DEVICES)('%s: what is found stands beside what is true, as perwatt simulate prints it', async (name) => {
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
})

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

for (const name of ['estimate-vm.json', 'denied-rapl.json', 'hidden-container.json']) {
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
