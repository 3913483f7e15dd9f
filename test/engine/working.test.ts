import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contract } from '../../contract/index.ts'
import type { AppRow, ModelRow, RequestRow } from '../../contract/models.ts'
import type { Result } from '../../contract/result.ts'
import { loadRigFile } from '../../engine/host/rig/load-file.ts'
import { rigHost } from '../../engine/host/rig/rig-host.ts'
import { type Engine, startEngine } from '../../engine/index.ts'
import { rigPlayer } from '../../engine/simulate.ts'

const METERED_HOUR = {
  fromS: Date.UTC(2026, 10, 16, 8) / 1_000,
  toS: Date.UTC(2026, 10, 16, 9) / 1_000,
}

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.reason)
  return result.value
}

/**
 * An engine on a made-up machine with a simulated card: two llama.cpp servers, of which every request of the first hour comes through a metering
 * proxy, and none of the second.
 */
describe('the engine over an hour of metered requests to two models', () => {
  const directory = mkdtempSync(join(tmpdir(), 'perwatt-working-'))
  let engine: Engine
  let app: AppRow
  let models: readonly ModelRow[]
  let requests: readonly RequestRow[]
  const told: RequestRow[] = []

  beforeAll(async () => {
    const rig = value(await loadRigFile(join(import.meta.dirname, '..', 'rigs', 'llama-two-quantisations.json')))
    const host = rigHost(rig)
    const player = rigPlayer(host)
    engine = value(
      await startEngine(host, { version: 'test', dataDir: directory, timeZone: 'Europe/Berlin', mode: 'simulated' }),
    )
    engine.on('requestEnded', (request) => void told.push(request))
    for (;;) {
      const step = player.step()
      if (!(typeof step === 'boolean' ? step : await step)) break
      for (const report of player.takeMeterReports?.() ?? []) await engine.handlers.meterReport(report)
      engine.tick()
      const settling = engine.settling()
      if (settling !== null) await settling
    }
    app = value(await engine.handlers.apps(METERED_HOUR)).rows[0] as AppRow
    models = value(await engine.handlers.models(METERED_HOUR)).rows
    requests = value(await engine.handlers.requests({ ...METERED_HOUR, limit: 2_000 })).rows
  }, 60_000)
  afterAll(async () => {
    await engine.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const sum = <T>(rows: readonly T[], pick: (row: T) => number) => rows.reduce((all, row) => all + pick(row), 0)

  test('an answer holds what the contract says of it', async () => {
    contract.apps.output.parse(value(await engine.handlers.apps(METERED_HOUR)))
    contract.models.output.parse(value(await engine.handlers.models(METERED_HOUR)))
    contract.users.output.parse(value(await engine.handlers.users(METERED_HOUR)))
    contract.requests.output.parse(value(await engine.handlers.requests({ ...METERED_HOUR, limit: 5 })))
  })

  test('what the models drew is never more than what their app drew, active and idle each', () => {
    expect(models.map(({ name }) => name).sort()).toEqual(['Qwen3-8B-Q4_K_M', 'Qwen3-8B-Q8_0'])
    expect(sum(models, ({ activeMj }) => activeMj)).toBeLessThanOrEqual(app.activeMj)
    expect(sum(models, ({ idleMj }) => idleMj)).toBeLessThanOrEqual(app.idleMj)
    // Before the servers had told of their models nothing could be divided.
    expect(sum(models, ({ energyMj }) => energyMj)).toBeGreaterThan(0.97 * app.energyMj)
  })

  test('joules of requests sum exactly to the active energy of their model', () => {
    expect(requests).toHaveLength(48)
    for (const { id, activeMj, loadMj } of models) {
      const own = requests.filter(({ model }) => model === id)
      expect(own).toHaveLength(24)
      expect(sum(own, ({ energyMj }) => energyMj ?? Number.NaN)).toBe(activeMj - loadMj)
    }
  })

  test('tokens are what the clients received, of models, users and the app alike', async () => {
    expect(models.map(({ delivered }) => delivered.outputTokens)).toEqual([24 * 600, 24 * 600])
    expect(app.delivered).toMatchObject({ outputTokens: 48 * 600, promptTokens: 48 * 800, requests: 48 })
    const { rows } = value(await engine.handlers.users(METERED_HOUR))
    expect(rows).toMatchObject([{ id: 'os/1000', kind: 'os', delivered: { outputTokens: 48 * 600, requests: 48 } }])
    expect(rows[0]?.energyMj).toBe(sum(requests, ({ energyMj }) => energyMj ?? Number.NaN))
  })

  test('the smaller quantisation delivers more tokens a joule, by a margin that the rig’s truth has', () => {
    const perJ = Object.fromEntries(models.map(({ name, tokensPerJ }) => [name, tokensPerJ.value ?? Number.NaN]))
    expect((perJ['Qwen3-8B-Q4_K_M'] ?? 0) / (perJ['Qwen3-8B-Q8_0'] ?? 0)).toBeGreaterThan(1.3)
  })

  test('whoever follows requests is told each once, as it is kept', () => {
    const byId = new Map(requests.map((request) => [request.id, request]))
    expect(told.map(({ id }) => id).sort()).toEqual([...byId.keys()].sort())
    for (const request of told) expect(request).toEqual(byId.get(request.id))
  })

  test('in the history the hours hold what was delivered in them, metered or counted by the server', async () => {
    const twoHours = { fromS: METERED_HOUR.fromS, toS: METERED_HOUR.toS + 3_600 }
    const { rows } = value(await engine.handlers.history({ ...twoHours, by: 'hour' }))
    expect(rows.map(({ output }) => output.tokens)).toEqual([48 * 600, 48 * 600])
  })
})
