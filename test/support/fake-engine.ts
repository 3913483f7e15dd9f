import type { PerwattEvent, PerwattHandlers } from '../../contract/index.ts'
import type { Now } from '../../contract/now.ts'
import { ok, problem } from '../../contract/result.ts'
import { Settings } from '../../contract/settings.ts'
import type { Sources } from '../../contract/sources.ts'
import type { Served } from '../../engine/socket/sessions.ts'

/** A tick of a machine with nothing on it. */
export const emptyNow: Now = {
  at: 1_790_000_000,
  intervalMs: 1_000,
  state: 'measuring',
  machine: {
    powerW: 20,
    aiPowerW: 0,
    aiUncertainty: null,
    idlePowerW: 15,
    otherPowerW: 5,
    provenance: 'counter',
    estimatedRatio: 0,
    uncertainty: 0.04,
    reason: null,
  },
  today: { measuredMj: 0, aiMj: 0, coverageRatio: 1 },
  gaugeFullW: 50,
  domains: [],
  ...{ overhead: null, overheadFactor: 1, coolingFactor: 1 },
  apps: [],
  models: [],
  self: { powerW: 0.01, cpuMsPerTick: 0.5, rssBytes: 50_000_000 },
  notices: [],
}

const noSources: Sources = {
  sources: [],
  machine: { cpuModel: null, logicalCpus: 2, osName: null, virtualisation: null },
  coverageTodayRatio: 0,
  secretKeyPlace: null,
  findings: [],
}

const noServer = {
  ok: false,
  code: 'unknownServer',
  reason: 'A fake engine asks nobody.',
  remedy: null,
} as never

export type FakeEngine = {
  readonly served: Served
  emit(event: PerwattEvent, payload: unknown): void
  /** How many listeners the engine was told of. */
  listeners(event: PerwattEvent): number
}

/** The contract answered by constants, for tests of what lies between two ends of it. */
export function fakeEngine(overrides: Partial<PerwattHandlers> = {}): FakeEngine {
  const listeners = new Map<PerwattEvent, Set<(payload: never) => void>>()
  const handlers: PerwattHandlers = {
    now: () => ok(emptyNow),
    live: () => ok({ at: [], machineW: [], idleW: [], otherW: [], estimated: false, apps: [] }),
    pause: () => ok({}),
    resume: () => ok({}),
    history: ({ fromS, toS, by }) =>
      ok({
        ...{ fromS, toS, by, timeZone: 'UTC', coverageRatio: 0, estimatedRatio: 0, rows: [], gaps: [] },
        ...{ outputFromS: fromS, outputToS: toS },
        ...{ measuredMj: 0, attributedMj: 0, idleMj: 0, otherMj: 0, overheadMj: null },
        ...{ overheadRatio: null, overheadBy: null, overheadFactor: 1, coolingFactor: 1 },
      }),
    sources: () => ok(noSources),
    checkAgain: () => ok(noSources),
    catalogue: () => ok({ apps: [], rulesProblem: null }),
    unnamed: () => ok({ processes: [] }),
    nameApp: () => ({ ok: false, code: 'notWritable', reason: 'A fake engine writes nothing.', remedy: null }),
    forgetApp: () => ok({}),
    settings: () => ok(Settings.parse({})),
    changeSettings: (change) => ok(Settings.parse(change)),
    testMeter: () => ({ ok: false, code: 'absent', reason: 'A fake engine asks nobody.', remedy: null }),
    setMeter: () => ok({}),
    removeMeter: () => ok({}),
    traffic: () => ok({ addresses: [] }),
    servers: () => ok({ servers: [] }),
    findServers: () => ok({ servers: [] }),
    addServer: () => noServer,
    removeServer: () => noServer,
    setServerKey: () => noServer,
    unloadModel: () => noServer,
    setMetering: () => noServer,
    apps: (range) => ok({ ...range, rows: [], coverageRatio: 0 }),
    models: (range) => ok({ ...range, rows: [], coverageRatio: 0 }),
    users: (range) => ok({ ...range, rows: [], projects: [], namesShown: false }),
    requests: () => ok({ rows: [], isComplete: true, keptFromS: 1_790_000_000 }),
    request: () => problem('unknownRequest', 'A fake engine answers no requests.'),
    mergeUsers: () => problem('unknownUser', 'A fake engine knows nobody.'),
    nameUser: () => problem('unknownUser', 'A fake engine knows nobody.'),
    jobs: () => ok({ rows: [] }),
    keepJob: () => ok({}),
    meterReport: () => ok({ energies: [] }),
    calibration: () => ok({ fits: [], reference: null, reason: 'A fake engine measures nothing.', remedy: null }),
    beginCalibration: () => ({
      ok: false,
      code: 'noReference',
      reason: 'A fake engine measures nothing.',
      remedy: null,
    }),
    endCalibration: () => ({ ok: false, code: 'notBegun', reason: 'Nothing was begun.', remedy: null }),
    abandonCalibration: () => ok({}),
    forgetCalibration: () => ok({}),
    markEnergy: () => problem('paused', 'A fake engine measures nothing.'),
    energyBetween: () => problem('noSource', 'A fake engine measures nothing.'),
    engineInfo: () =>
      ok({
        ...{ version: '0.0.0', pid: 1, startedS: 1_790_000_000, dataDir: '/nowhere' },
        ledger: { state: 'writing', bytes: 0, reason: null, remedy: null },
      }),
    powerEvent: () => ok({}),
    stop: () => ok({}),
    ...overrides,
  }
  return {
    served: {
      handlers,
      on: (event, handler) => {
        const known = listeners.get(event) ?? new Set()
        listeners.set(event, known.add(handler))
        return () => void known.delete(handler)
      },
    },
    emit: (event, payload) => {
      for (const listener of listeners.get(event) ?? []) listener(payload as never)
    },
    listeners: (event) => listeners.get(event)?.size ?? 0,
  }
}
