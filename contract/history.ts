import { z } from 'zod'
import { method } from './define.ts'
import { DomainId, DomainKind } from './ids.ts'
import { EnergyMj, Provenance, Ratio, SignedEnergyMj, Uncertainty, UnixS } from './units.ts'

/** What was delivered; `null`: nobody counted it. What was computed elsewhere stands apart: it has nothing to do with the joules beside it. */
export const Output = z.object({
  tokens: z.int().nullable(),
  remoteTokens: z.int().nullable(),
  requests: z.int().nullable(),
  images: z.int().nullable(),
  audioS: z.number().nullable(),
})
export type Output = z.infer<typeof Output>

export const HistoryRow = z.object({
  /** App id, domain id, or the ISO start of the hour or day. */
  key: z.string(),
  name: z.string(),
  energyMj: EnergyMj,
  activeMj: EnergyMj,
  idleMj: EnergyMj,
  otherMj: EnergyMj,
  uncertainty: Uncertainty,
  provenance: Provenance.nullable(),
  estimatedRatio: Ratio,
  output: Output,
  /** Of a row by domain: what it is. Rows of scope `whole` (battery, wall, psys) stand outside every sum. */
  domain: z.object({ kind: DomainKind, parent: DomainId.nullable(), scope: z.enum(['inner', 'whole']) }).nullable(),
})
export type HistoryRow = z.infer<typeof HistoryRow>

export const Gap = z.object({
  fromS: UnixS,
  toS: UnixS,
  cause: z.enum(['suspend', 'clock', 'restart', 'paused', 'stall', 'lost', 'noSource']),
})
export type Gap = z.infer<typeof Gap>

export const History = z.object({
  fromS: UnixS,
  toS: UnixS,
  by: z.enum(['app', 'domain', 'hour', 'day']),
  /** Zone in which hours and days were cut. */
  timeZone: z.string(),
  coverageRatio: Ratio,
  estimatedRatio: Ratio,
  rows: z.array(HistoryRow),
  /** Output is kept by the hour: that of the rows is of the whole hours that the range touches. */
  outputFromS: UnixS,
  outputToS: UnixS,
  measuredMj: EnergyMj,
  attributedMj: EnergyMj,
  /** The machine's floor. */
  idleMj: EnergyMj,
  otherMj: EnergyMj,
  /** What a whole-machine meter measured beyond `measuredMj`, signed, outside every sum; of the time that it covers. `null` without one. */
  overheadMj: SignedEnergyMj.nullable(),
  /** To what was measured in the same time. */
  overheadRatio: z.number().nullable(),
  overheadBy: DomainId.nullable(),
  /** By the settings, an app's energy × both is what it answers for. Rows are never multiplied. */
  overheadFactor: z.number().nonnegative(),
  coolingFactor: z.number().positive(),
  gaps: z.array(Gap),
})
export type History = z.infer<typeof History>

export const historyContract = {
  /** Energy of a stretch of time; `attributedMj + idleMj + otherMj === measuredMj`, gaps are handed over, never averaged away. */
  history: method({
    input: z.object({ fromS: UnixS, toS: UnixS, by: z.enum(['app', 'domain', 'hour', 'day']) }),
    output: History,
    problems: ['noHistory', 'ledgerUnusable'],
  }),
} as const
