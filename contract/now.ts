import { z } from 'zod'
import { event, method } from './define.ts'
import { AppId, DomainId, DomainKind, SourceId } from './ids.ts'
import { PowerW, Provenance, Ratio, Uncertainty, UnixS } from './units.ts'

/** A power that may be unknown; then `reason` says why. */
const Power = z.object({
  powerW: PowerW.nullable(),
  provenance: Provenance.nullable(),
  estimatedRatio: Ratio,
  uncertainty: Uncertainty,
  reason: z.string().nullable(),
})

export const NowDomain = Power.extend({
  id: DomainId,
  kind: DomainKind,
  name: z.string(),
  parent: DomainId.nullable(),
  source: SourceId,
  state: z.enum(['measuring', 'pending', 'asleep', 'failing']),
})
export type NowDomain = z.infer<typeof NowDomain>

export const NowApp = z.object({
  id: AppId,
  name: z.string(),
  category: z.string(),
  /** False where the app's model runs elsewhere: its watts are the client's alone. */
  local: z.boolean(),
  powerW: PowerW,
  activeW: PowerW,
  idleW: PowerW,
  uncertainty: Uncertainty,
  /** Share of the machine's power. */
  shareRatio: Ratio,
  /** CPU time ÷ interval, in cores: 1.5 is one and a half cores. */
  cpuCores: z.number().nonnegative(),
  processes: z.int().nonnegative(),
  todayMj: z.int().nonnegative(),
  /** Perwatt itself in its own list. */
  isSelf: z.boolean(),
})
export type NowApp = z.infer<typeof NowApp>

export const NowModel = z.object({
  id: z.string(),
  app: AppId,
  name: z.string(),
  state: z.enum(['loading', 'ready', 'sleeping', 'unloading']),
  isRemote: z.boolean(),
  powerW: PowerW.nullable(),
  tokensPerS: z.number().nullable(),
  tokensPerJ: z.number().nullable(),
})

/** What a meter of the whole machine shows beyond what is measured by part: PSU, fans, board, display. Signed, and in no sum. */
export const NowOverhead = z.object({
  meter: DomainId,
  meterName: z.string(),
  provenance: Provenance,
  powerW: PowerW.nullable(),
  uncertainty: Uncertainty,
  /** To what was measured in the same time. */
  ratio: z.number().nullable(),
  reason: z.string().nullable(),
})

export type NowModel = z.infer<typeof NowModel>

export const Now = z.object({
  at: UnixS,
  intervalMs: z.number(),
  /** `warming`: the first tick is not complete; `paused`: by the user; `blind`: no source measures. */
  state: z.enum(['warming', 'measuring', 'paused', 'blind']),
  machine: Power.extend({
    aiPowerW: PowerW.nullable(),
    aiUncertainty: Uncertainty,
    idlePowerW: PowerW.nullable(),
    otherPowerW: PowerW.nullable(),
  }),
  today: z.object({ measuredMj: z.int(), aiMj: z.int(), coverageRatio: Ratio }),
  /** Full scale of the tray's gauge: the rounded maximum of the AI's power in the last week. */
  gaugeFullW: PowerW,
  /** How much of the nearest budget is used, 1 = all of it; left out or `null` where there is no budget. */
  budgetUsedRatio: z.number().nonnegative().nullable().optional(),
  domains: z.array(NowDomain),
  /** `null` where there is no such meter. */
  overhead: NowOverhead.nullable(),
  /** By the settings, an app's power × both is what it answers for. No figure here is multiplied. */
  overheadFactor: z.number().nonnegative(),
  coolingFactor: z.number().positive(),
  apps: z.array(NowApp),
  models: z.array(NowModel),
  self: z.object({ powerW: PowerW.nullable(), cpuMsPerTick: z.number(), rssBytes: z.int() }),
  /** What the reader should know at once: ledger read-only, disk full, corrupt file set aside, no power source. */
  notices: z.array(z.object({ code: z.string(), text: z.string(), remedy: z.string().nullable() })),
})
export type Now = z.infer<typeof Now>

/** One series of the live chart: `powerW[i]` belongs to `at[i]`; `null` is a gap. */
export const LiveSeries = z.object({
  key: z.string(),
  name: z.string(),
  powerW: z.array(PowerW.nullable()),
})
export const Live = z.object({
  at: z.array(UnixS),
  machineW: z.array(PowerW.nullable()),
  idleW: z.array(PowerW.nullable()),
  otherW: z.array(PowerW.nullable()),
  estimated: z.boolean(),
  apps: z.array(LiveSeries),
})
export type Live = z.infer<typeof Live>

export const nowContract = {
  /** The newest complete tick. */
  now: method({ input: z.object({}), output: Now }),
  /** The last minutes in 1 s steps, for charts and sparklines; at most 15 minutes are kept. */
  live: method({ input: z.object({ forS: z.int().min(10).max(900) }), output: Live }),
  pause: method({ input: z.object({ forS: z.int().positive().nullable() }), output: z.object({}), writes: true }),
  resume: method({ input: z.object({}), output: z.object({}), writes: true }),
  /** Once a tick while somebody listens. */
  tick: event(Now),
} as const
