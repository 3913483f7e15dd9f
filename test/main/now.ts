import { AppId } from '../../contract/ids.ts'
import type { Now, NowApp } from '../../contract/now.ts'

/** A complete answer of the engine, with what a test is about changed. */
export function nowWith(change: Partial<Omit<Now, 'machine'>> & { machine?: Partial<Now['machine']> } = {}): Now {
  const { machine, ...rest } = change
  return {
    at: 1_764_050_000,
    intervalMs: 1_000,
    state: 'measuring',
    today: { measuredMj: 3_600_000_000, aiMj: 1_483_200_000, coverageRatio: 1 },
    gaugeFullW: 60,
    domains: [],
    ...{ overhead: null, overheadFactor: 1, coolingFactor: 1 },
    apps: [],
    models: [],
    self: { powerW: 0.1, cpuMsPerTick: 0.5, rssBytes: 50_000_000 },
    notices: [],
    ...rest,
    machine: {
      powerW: 61,
      provenance: 'counter',
      estimatedRatio: 0,
      uncertainty: 0.04,
      reason: null,
      aiPowerW: 38.2,
      aiUncertainty: 0.08,
      idlePowerW: 12,
      otherPowerW: 10.8,
      ...machine,
    },
  }
}

export function appWith(change: Partial<NowApp> & { name: string }): NowApp {
  return {
    id: AppId.parse(change.name.toLowerCase()),
    category: 'server',
    local: true,
    powerW: 10,
    activeW: 10,
    idleW: 0,
    uncertainty: 0.1,
    shareRatio: 0.1,
    cpuCores: 1,
    processes: 1,
    todayMj: 1_000,
    isSelf: false,
    ...change,
  }
}
