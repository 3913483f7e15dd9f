import { z } from 'zod'
import { event, method } from './define.ts'
import { AppId, ModelId, UserId } from './ids.ts'
import { EnergyMj, Provenance, Ratio, Uncertainty, UnixS } from './units.ts'

const Tokens = z.int().nonnegative()
const Range = z.object({ fromS: UnixS, toS: UnixS })
/** Output is kept by the hour, so the figures are those of the whole hours that the range touches. */
const Hours = z.object({ fromS: UnixS, toS: UnixS })

/** What was delivered. `null`: nobody counted it ("not reported"), never 0. */
export const Delivered = z.object({
  promptTokens: Tokens.nullable(),
  cachedTokens: Tokens.nullable(),
  outputTokens: Tokens.nullable(),
  /** Part of `outputTokens` that is a lower bound or was derived. */
  estimatedTokens: Tokens,
  /** Part of `outputTokens` that was computed elsewhere, and enters no figure with the joules of this machine. */
  remoteTokens: Tokens.default(0),
  requests: z.int().nonnegative().nullable(),
  failedRequests: z.int().nonnegative(),
  images: z.int().nonnegative().nullable(),
  audioMs: z.number().nonnegative().nullable(),
})
export type Delivered = z.infer<typeof Delivered>

/** A ratio of two figures with its half-width at k = 2 ÷ value; `null` with `reason` where there is none. */
export const Efficiency = z.object({
  value: z.number().nonnegative().nullable(),
  uncertainty: Uncertainty,
  isEstimate: z.boolean(),
  /** "not reported", "computed elsewhere", "energy unknown here", "nothing delivered yet". */
  reason: z.string().nullable(),
})
export type Efficiency = z.infer<typeof Efficiency>

const Figures = z.object({
  energyMj: EnergyMj,
  activeMj: EnergyMj,
  idleMj: EnergyMj,
  uncertainty: Uncertainty,
  provenance: Provenance.nullable(),
  estimatedRatio: Ratio,
  delivered: Delivered,
  tokensPerJ: Efficiency,
  jPerToken: Efficiency,
})

export const AppRow = Figures.extend({
  id: AppId,
  name: z.string(),
  category: z.string(),
  local: z.boolean(),
  countsAsAi: z.boolean(),
  /** Idle ÷ all of its energy. */
  idleRatio: Ratio.nullable(),
  /**
   * Its energy in equal steps over the range, oldest first, for a sparkline; `null` where nothing was measured. Hours up to two days, stretches
   * of 24 h up to a month, else days of the home zone.
   */
  trendMj: z.array(EnergyMj.nullable()),
})
export type AppRow = z.infer<typeof AppRow>

export const ModelRow = Figures.extend({
  id: ModelId,
  app: AppId,
  name: z.string(),
  family: z.string().nullable(),
  parameters: z.number().positive().nullable(),
  quantisation: z.string().nullable(),
  /** Title of the server that runs it. */
  engine: z.string().nullable(),
  device: z.enum(['cpu', 'gpu', 'npu', 'mixed']).nullable(),
  /** Its answers are computed elsewhere: the joules here are the client's alone. */
  isRemote: z.boolean(),
  /** What a remote model's answers may have taken where they were computed, by published figures; where that is switched on. Never part of `energyMj`. */
  remoteEstimate: z.object({ energyMj: EnergyMj, lowMj: EnergyMj, highMj: EnergyMj, asOf: z.string() }).nullable(),
  loadMj: EnergyMj,
  tokensPerS: z.number().nonnegative().nullable(),
  whPerRequest: Efficiency,
  jPerImage: Efficiency,
  jPerAudioMinute: Efficiency,
  /** Median time to the first token of its metered requests. */
  ttftMs: z.number().nonnegative().nullable(),
  isLoaded: z.boolean(),
})
export type ModelRow = z.infer<typeof ModelRow>

export const UserRow = z.object({
  id: UserId,
  /** "User 3" until the owner turns names on. */
  name: z.string(),
  kind: z.enum(['os', 'api', 'headcount', 'unknown']),
  energyMj: EnergyMj,
  uncertainty: Uncertainty,
  delivered: Delivered,
  tokensPerJ: Efficiency,
  jPerToken: Efficiency,
  lastS: UnixS,
  /** Other identities that were merged into this one. */
  merged: z.array(z.object({ id: UserId, name: z.string() })),
})
export type UserRow = z.infer<typeof UserRow>

export const ProjectRow = z.object({
  id: z.string(),
  name: z.string(),
  energyMj: EnergyMj,
  delivered: Delivered,
  lastS: UnixS,
})
export type ProjectRow = z.infer<typeof ProjectRow>

export const TOKENS_PROVENANCES = ['exact', 'derived', 'estimate', 'notReported'] as const

export const RequestRow = z.object({
  id: z.string(),
  /** When it began and ended, Unix ms. */
  beganMs: z.int(),
  endedMs: z.int(),
  app: AppId.nullable(),
  model: ModelId.nullable(),
  modelName: z.string().nullable(),
  user: UserId.nullable(),
  userName: z.string().nullable(),
  project: z.string().nullable(),
  /** Executable name of the client, where it runs here. */
  client: z.string().nullable(),
  endpoint: z.string(),
  promptTokens: Tokens.nullable(),
  cachedTokens: Tokens.nullable(),
  completionTokens: Tokens.nullable(),
  tokensProvenance: z.enum(TOKENS_PROVENANCES),
  images: z.int().nonnegative().nullable(),
  audioMs: z.number().nonnegative().nullable(),
  ttftMs: z.number().nonnegative().nullable(),
  durationMs: z.number().nonnegative(),
  status: z.enum(['done', 'failed', 'aborted']),
  httpStatus: z.int().nullable(),
  isRemote: z.boolean(),
  /** `null`: energy unknown here (its server's processes are not seen). */
  energyMj: EnergyMj.nullable(),
  uncertainty: Uncertainty,
  provenance: Provenance.nullable(),
})
export type RequestRow = z.infer<typeof RequestRow>

/** A run that is kept as a whole: training, fine-tuning, a batch. */
export const JobRow = z.object({
  id: z.string(),
  label: z.string(),
  app: AppId.nullable(),
  /** "run" where somebody started it with `perwatt run --label`, "recognised" where a training process was. */
  kind: z.enum(['run', 'recognised']),
  startS: UnixS,
  endS: UnixS.nullable(),
  exitCode: z.int().nullable(),
  /** `null` while it runs, and where nothing measured it. */
  energyMj: EnergyMj.nullable(),
  uncertainty: Uncertainty,
  provenance: Provenance.nullable(),
})
export type JobRow = z.infer<typeof JobRow>

export const modelsContract = {
  apps: method({
    input: Range,
    output: Hours.extend({ rows: z.array(AppRow), coverageRatio: Ratio }),
    problems: ['noHistory', 'ledgerUnusable'],
  }),
  models: method({
    input: Range,
    output: Hours.extend({ rows: z.array(ModelRow), coverageRatio: Ratio }),
    problems: ['noHistory', 'ledgerUnusable'],
  }),
  users: method({
    input: Range,
    output: Hours.extend({ rows: z.array(UserRow), projects: z.array(ProjectRow), namesShown: z.boolean() }),
    problems: ['noHistory', 'ledgerUnusable'],
  }),
  /** Newest first. `after`: only those that ended after it, for a tail. */
  requests: method({
    input: Range.extend({
      app: AppId.exactOptional(),
      model: ModelId.exactOptional(),
      user: UserId.exactOptional(),
      limit: z.int().min(1).max(2_000),
    }),
    output: z.object({ rows: z.array(RequestRow), isComplete: z.boolean(), keptFromS: UnixS }),
    problems: ['noHistory', 'ledgerUnusable'],
  }),
  request: method({
    input: z.object({ id: z.string().max(64) }),
    output: RequestRow,
    problems: ['noHistory', 'ledgerUnusable', 'unknownRequest'],
  }),
  /** One person behind two identities; `into: null` takes it apart again. */
  mergeUsers: method({
    input: z.object({ user: UserId, into: UserId.nullable() }),
    output: z.object({}),
    problems: ['noHistory', 'ledgerUnusable', 'unknownUser'],
    writes: true,
  }),
  nameUser: method({
    input: z.object({ user: UserId, name: z.string().trim().max(80).nullable() }),
    output: z.object({}),
    problems: ['noHistory', 'ledgerUnusable', 'unknownUser'],
    writes: true,
  }),
  jobs: method({
    input: Range,
    output: z.object({ rows: z.array(JobRow) }),
    problems: ['noHistory', 'ledgerUnusable'],
  }),
  /** Told by `perwatt run --label`, which measures the run itself: when it begins, and whole when it has ended. */
  keepJob: method({
    input: JobRow.extend({ id: z.string().min(1).max(64), label: z.string().trim().min(1).max(120) }),
    output: z.object({}),
    problems: ['noHistory', 'ledgerUnusable'],
    writes: true,
  }),
  /** A request has ended and its energy is settled. */
  requestEnded: event(RequestRow),
} as const
