import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { energy } from '../../cli/format.ts'
import { type TruthRow, truthRows } from '../../cli/rig-truth.ts'
import { type Column, table } from '../../cli/table.ts'
import type { ModelRow } from '../../contract/models.ts'
import { loadRigFile } from '../../engine/host/rig/load-file.ts'
import { rigHost } from '../../engine/host/rig/rig-host.ts'
import type { Rig } from '../../engine/host/rig/schema.ts'
import { rigTruth } from '../../engine/host/rig/truth.ts'
import { workTruth } from '../../engine/host/rig/truth-work.ts'
import { rigPlayer, type Simulation, simulate } from '../../engine/simulate.ts'
import { fcOptions } from '../support/counts.ts'
import { rigWith } from '../support/rigs.ts'

const RIGS = [
  'ollama-two-models',
  'vllm-team',
  'llama-two-quantisations',
  'agent-local-and-cloud',
  'spinning-server',
] as const
const DIRECTORY = join(import.meta.dirname, '..', 'rigs')

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

async function play(rig: Rig, options: { everyTick?: boolean } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'perwatt-test-'))
  directories.push(directory)
  const host = rigHost(rig)
  const result = await simulate(rigPlayer(host, options), { version: 'test', dataDir: directory, timeZone: rig.zone })
  if (!result.ok) throw new Error(result.reason)
  const truth = rigTruth(rig, 0, host.durationMs)
  return { simulation: result.value, truth, work: workTruth(rig, 0, host.durationMs) }
}

async function shippedRig(name: string): Promise<Rig> {
  const rig = await loadRigFile(join(DIRECTORY, `${name}.json`))
  if (!rig.ok) throw new Error(rig.reason)
  return rig.value
}

function modelOf({ models }: Pick<Simulation, 'models'>, id: string): ModelRow {
  const model = models.find((row) => row.id === id)
  if (model === undefined) throw new Error(`no model ${id}`)
  return model
}

/**
 * Σ models = app but for what it drew before its server was found, Σ requests + what is nobody's = active energy of their model, Σ users =
 * Σ requests: in whole millijoules.
 */
function expectExact({ models, users, requests, byApp }: Simulation): void {
  for (const [app, own] of Map.groupBy(models, (row) => row.app)) {
    const row = byApp.rows.find(({ key }) => key === app)
    for (const what of ['energyMj', 'activeMj'] as const) {
      const unknownMj = (row?.[what] ?? 0) - own.reduce((sum, model) => sum + model[what], 0)
      expect(unknownMj, `${app} ${what}`).toBeGreaterThanOrEqual(0)
      expect(unknownMj, `${app} ${what}`).toBeLessThanOrEqual(0.001 * (row?.energyMj ?? 0))
    }
  }
  for (const { id, activeMj } of models) {
    const own = requests.filter(({ model }) => model === id)
    expect(own.reduce((sum, { energyMj }) => sum + (energyMj ?? 0), 0)).toBeLessThanOrEqual(activeMj)
  }
  for (const { id, energyMj } of users.filter(({ kind }) => kind !== 'unknown')) {
    const own = requests.filter(({ user }) => user === id)
    expect(
      own.reduce((sum, one) => sum + (one.energyMj ?? 0), 0),
      id,
    ).toBe(energyMj)
  }
}

describe.each(RIGS)('%s', (name) => {
  test('every figure is the rig’s truth within its tolerance, and every millijoule is accounted for', async () => {
    const rig = await shippedRig(name)
    const { simulation, truth, work } = await play(rig)
    expectExact(simulation)
    const rows = truthRows(simulation, truth, work)
    for (const what of ['app', 'model', 'user', 'request'] as const) {
      expect(rows.some((row) => row.what === what)).toBe(true)
      for (const { key, measuredMj, trueMj } of rows.filter((row) => row.what === what)) {
        const off = Math.abs(measuredMj / trueMj - 1)
        expect(off, `${what} ${key}: ${off}`).toBeLessThanOrEqual(what === 'app' ? 0.01 : (rig.toleranceRatio ?? 0))
      }
    }
  })

  test('tokens and requests of each model and user are those of the rig, to the token', async () => {
    const { simulation, work } = await play(await shippedRig(name))
    for (const { model, promptTokens, outputTokens, requests } of work.models.filter((one) => one.requests > 0)) {
      const { delivered } = modelOf(simulation, model)
      expect({ model, promptTokens: delivered.promptTokens, outputTokens: delivered.outputTokens }).toEqual({
        ...{ model, promptTokens, outputTokens },
      })
      // llama.cpp's server counts tokens and no requests.
      if (!model.startsWith('llama-server')) expect(delivered.requests, model).toBe(requests)
    }
    for (const { user, outputTokens, requests } of work.users)
      expect(simulation.users.find(({ id }) => id === user)?.delivered, user).toMatchObject({ outputTokens, requests })
  })

  test('long and short ticks give the same energies and the same tokens', async () => {
    const rig = await shippedRig(name)
    const [coarse, fine] = [(await play(rig)).simulation, (await play(rig, { everyTick: true })).simulation]
    expect(coarse.ticks).toBeLessThan(fine.ticks)
    expectExact(fine)
    for (const row of coarse.models) {
      const other = modelOf(fine, row.id)
      expect(other.delivered).toEqual(row.delivered)
      for (const what of ['energyMj', 'idleMj'] as const)
        expect(Math.abs(row[what] - other[what]), `${row.id} ${what}`).toBeLessThanOrEqual(0.01 * other.energyMj)
    }
    for (const { id, energyMj } of coarse.users) {
      const other = fine.users.find((user) => user.id === id)?.energyMj ?? 0
      expect(Math.abs(energyMj - other), id).toBeLessThanOrEqual(0.02 * other)
    }
  })

  test('what is found stands beside what is true, as perwatt simulate prints it', async () => {
    const { simulation, truth, work } = await play(await shippedRig(name))
    const lines = table(TRUTH_COLUMNS, truthRows(simulation, truth, work), { width: 80 })
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(DIRECTORY, 'expected', `${name}.txt`))
  })
})

const TRUTH_COLUMNS: readonly Column<TruthRow>[] = [
  { title: 'WHAT', text: (row) => row.what },
  { title: '', isElastic: true, text: (row) => row.key },
  { title: 'MEASURED', align: 'right', text: (row) => energy(row.measuredMj, row) },
  { title: 'TRUE', align: 'right', text: (row) => energy(Math.round(row.trueMj)) },
  { title: 'OFF', align: 'right', text: (row) => `${((row.measuredMj / row.trueMj - 1) * 100).toFixed(1)} %` },
  { title: 'BY', text: (row) => row.provenance ?? '' },
]

test('what an idle model keeps in a card’s memory is its own, and costs its neighbour nothing', async () => {
  const { simulation, work } = await play(await shippedRig('ollama-two-models'))
  for (const { model, idleMj, activeMj } of work.models) {
    const row = modelOf(simulation, model)
    expect(Math.abs(row.idleMj / idleMj - 1), model).toBeLessThan(0.01)
    expect(Math.abs(row.activeMj - activeMj), model).toBeLessThan(0.005 * (activeMj + idleMj))
  }
  expect(modelOf(simulation, 'ollama/gemma3:4b').delivered.outputTokens).toBeNull()
})

test('the leaderboard ranks two quantisations as the truth does', async () => {
  const { simulation, work } = await play(await shippedRig('llama-two-quantisations'))
  const efficiency = new Map(work.models.map((one) => [one.model, one.outputTokens / (one.activeMj + one.idleMj)]))
  const found = simulation.models.toSorted((a, b) => (b.tokensPerJ.value ?? 0) - (a.tokensPerJ.value ?? 0))
  const ranked = found.toSorted((a, b) => (efficiency.get(b.id) ?? 0) - (efficiency.get(a.id) ?? 0))
  expect(found.map(({ id }) => id)).toEqual(ranked.map(({ id }) => id))
  expect(found[0]?.quantisation).toBe('Q4_K_M')
})

test('tokens that were written elsewhere never stand over joules that were drawn here', async () => {
  const { simulation, work } = await play(await shippedRig('agent-local-and-cloud'))
  const remote = modelOf(simulation, 'ollama/glm-5:cloud')
  const local = modelOf(simulation, 'ollama/qwen3-coder:30b')
  expect(remote).toMatchObject({ isRemote: true, energyMj: 0, tokensPerJ: { value: null } })
  expect(remote.delivered.outputTokens).toBeGreaterThan(10 * 1_000)
  const truth = work.models.find(({ model }) => model === local.id)
  const trueTokensPerJ = (1_000 * (truth?.outputTokens ?? 0)) / (truth?.activeMj ?? 1)
  expect(Math.abs((local.tokensPerJ.value ?? 0) / trueTokensPerJ - 1)).toBeLessThan(0.01)
  for (const { energyMj } of simulation.requests.filter(({ isRemote }) => isRemote)) expect(energyMj).toBeNull()
})

test('what a server burns while it busy-waits is idle energy', async () => {
  const { simulation, work } = await play(await shippedRig('spinning-server'))
  const [truth] = work.models
  const [model] = simulation.models
  expect(truth?.idleMj).toBeGreaterThan(8_000_000)
  expect(Math.abs((model?.idleMj ?? 0) / (truth?.idleMj ?? 1) - 1)).toBeLessThan(0.05)
})

test('a rig with servers played twice is the same run, to the millijoule', async () => {
  const rig = await shippedRig('vllm-team')
  const [first, second] = [(await play(rig)).simulation, (await play(rig)).simulation]
  expect({ ...second, cpuMs: 0 }).toEqual({ ...first, cpuMs: 0 })
})

const SERVER = {
  duration: '30m',
  cpu: { model: 'Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz', logicalCpus: 32, physicalCores: 16 },
  users: { ada: 1000, bo: 1001 },
  domains: [{ zone: 'package-0', floorW: 9, wattsPerCore: 5 }],
  processes: [
    { name: 'engine', app: 'vllm', exe: '/opt/bin/python3', args: ['-m', 'vllm.entrypoints.api'], start: '3m' },
  ],
}
const MODEL = { name: 'tiny', on: 'cpu', outputJ: 0.5, promptJ: 0.05, tokensPerS: 20, promptTokensPerS: 400 }

function served(requests: readonly Record<string, unknown>[]): Rig {
  const server = { port: 8000, process: 'engine', dialect: 'vllm', models: [MODEL] }
  return rigWith({ ...SERVER, servers: [{ ...server, requests: requests.map((one) => ({ model: 'tiny', ...one })) }] })
}

test('requests that fail, are given up or answer in one piece keep their joules, and their tokens are said as they are known', async () => {
  const often = { every: '4m', until: '25m', promptTokens: 400, outputTokens: 400, user: 'ada', metered: true }
  const { simulation, work } = await play(
    served([
      { name: 'whole', at: '5m', ...often, stream: false },
      { name: 'given up', at: '6m', ...often, ends: 'aborted', afterTokens: 100 },
      { name: 'refused', at: '7m', ...often, ends: 'failed' },
    ]),
  )
  expectExact(simulation)
  const [whole, givenUp, refused] = work.classes.map(({ idPrefix, energyMj }) => {
    const rows = simulation.requests.filter(({ id }) => id.startsWith(idPrefix))
    return { rows, off: rows.reduce((sum, row) => sum + (row.energyMj ?? 0), 0) / energyMj - 1 }
  })
  expect(whole?.rows[0]).toMatchObject({ completionTokens: 400, tokensProvenance: 'exact', status: 'done' })
  expect(givenUp?.rows[0]).toMatchObject({ completionTokens: 100, tokensProvenance: 'estimate', status: 'aborted' })
  expect(refused?.rows[0]).toMatchObject({ completionTokens: 0, status: 'failed', httpStatus: 500 })
  for (const one of [whole, givenUp, refused]) expect(Math.abs(one?.off ?? 1)).toBeLessThan(0.05)
})

test('who asks past the proxy costs those who ask through it nothing', async () => {
  const { simulation, work } = await play(
    served([
      {
        name: 'seen',
        at: '5m',
        every: '2m',
        until: '25m',
        promptTokens: 200,
        outputTokens: 600,
        user: 'ada',
        metered: true,
      },
      { name: 'unseen', at: '325s', every: '2m', until: '25m', promptTokens: 200, outputTokens: 600 },
    ]),
  )
  expectExact(simulation)
  const [seen, unseen] = work.classes
  const meteredMj = simulation.requests.reduce((sum, { energyMj }) => sum + (energyMj ?? 0), 0)
  expect(Math.abs(meteredMj / (seen?.energyMj ?? 1) - 1)).toBeLessThan(0.1)
  const [model] = simulation.models
  const restMj = (model?.activeMj ?? 0) - meteredMj
  expect(Math.abs(restMj / (unseen?.energyMj ?? 1) - 1)).toBeLessThan(0.1)
  expect(model?.delivered.outputTokens).toBe((seen?.outputTokens ?? 0) + (unseen?.outputTokens ?? 0))
})

test('whatever is asked, tokens are exact and models add up to their app', async () => {
  const pattern = fc.record({
    at: fc.integer({ min: 200, max: 900 }).map((s) => `${s}s`),
    every: fc.integer({ min: 40, max: 300 }).map((s) => `${s}s`),
    until: fc.constant('25m'),
    concurrency: fc.integer({ min: 1, max: 4 }),
    promptTokens: fc.integer({ min: 0, max: 2_000 }),
    outputTokens: fc.integer({ min: 1, max: 600 }),
    stream: fc.boolean(),
    metered: fc.boolean(),
    user: fc.constantFrom('ada', 'bo'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(pattern, { minLength: 1, maxLength: 3 }), async (patterns) => {
      const { simulation, work, truth } = await play(served(patterns))
      expectExact(simulation)
      const [app] = truth.apps
      const row = simulation.byApp.rows.find(({ key }) => key === 'vllm')
      expect(Math.abs((row?.energyMj ?? 0) / (app?.energyMj ?? 1) - 1)).toBeLessThan(0.01)
      const [model] = work.models
      expect(modelOf(simulation, 'vllm/tiny').delivered).toMatchObject({
        ...{ promptTokens: model?.promptTokens, outputTokens: model?.outputTokens, requests: model?.requests },
      })
      // By tokens alone, and by loads that were made of them: two ways to one truth.
      expect(Math.abs((model?.activeMj ?? 0) / (app?.energyMj ?? 1) - 1)).toBeLessThan(1e-9)
    }),
    fcOptions('simulate-servers', 6, 60),
  )
})
