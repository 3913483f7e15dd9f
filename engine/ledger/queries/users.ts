import type Database from 'better-sqlite3'
import { UserId } from '../../../contract/ids.ts'
import type { Efficiency, ProjectRow, UserRow } from '../../../contract/models.ts'
import { appEnergies } from './apps.ts'
import {
  delivered,
  type EfficiencyOf,
  ELSEWHERE,
  ESTIMATE_FROM_RATIO,
  joulesPer,
  NOT_REPORTED,
  none,
  type OutputSum,
  outputSums,
  perJoule,
} from './delivered.ts'
import { describedModels, modelFigures } from './model-figures.ts'
import { readPeople } from './people.ts'
import { type WorkQuestion, workRange } from './work-range.ts'

/** A user as the ledger knows one: what its owner typed, or nothing; the caller turns it into a name. */
export type NamelessUser = Omit<UserRow, 'name' | 'merged'> & {
  readonly number: number
  readonly label: string | null
  readonly merged: { readonly id: UserId; readonly number: number; readonly label: string | null }[]
}
export type NamelessProject = Omit<ProjectRow, 'name'> & { readonly number: number; readonly label: string | null }
export type UsersWork = {
  readonly fromS: number
  readonly toS: number
  readonly users: NamelessUser[]
  readonly projects: NamelessProject[]
  /** Accounts that are known in all. */
  readonly osUsers: number
}

/** Beside output that no meter saw, whose energy is its model's alone, that of the requests would be too little. */
const NOT_METERED = 'not metered'

/** Who received what, and what their requests drew. One person behind several identities is one user; 0 is nobody that is known. */
export function usersWork(db: Database.Database, question: WorkQuestion): UsersWork {
  const range = workRange(db, question)
  const people = readPeople(db)
  const sums = outputSums(db, range.segments)
  const uncertaintyOf = uncertainties(db, range)
  const users = [...Map.groupBy(sums, ({ person }) => people.rootOf(person))].map(([rowId, own]): NamelessUser => {
    const person = people.of(rowId)
    const figures = figuresOf(own, uncertaintyOf)
    const unknown = { tokensPerJ: none(NOT_METERED), jPerToken: none(NOT_METERED) }
    return {
      id: UserId.parse(person?.key ?? 'unknown'),
      number: rowId,
      label: person?.label ?? null,
      kind: person?.kind ?? 'unknown',
      ...figures,
      ...(person === null ? unknown : {}),
      merged: people.all
        .filter((other) => other.rowId !== rowId && people.rootOf(other.rowId) === rowId)
        .map((other) => ({ id: UserId.parse(other.key), number: other.rowId, label: other.label })),
    }
  })
  const { fromS, toS } = range
  const osUsers = people.all.filter(({ kind }) => kind === 'os').length
  return { fromS, toS, users: users.sort(byEnergy), projects: projectsOf(db, sums).sort(byEnergy), osUsers }
}

function projectsOf(db: Database.Database, sums: readonly OutputSum[]): NamelessProject[] {
  const known = new Map(
    db
      .prepare<[], { rowId: number; key: string; label: string | null }>('SELECT id AS rowId, key, label FROM project')
      .all()
      .map((row) => [row.rowId, row]),
  )
  return [...Map.groupBy(sums, ({ project }) => project)].flatMap(([rowId, own]): NamelessProject[] => {
    const project = known.get(rowId)
    if (project === undefined) return []
    return [{ id: project.key, number: rowId, label: project.label, ...amountsOf(own) }]
  })
}

/** Half-width at k = 2 ÷ energy of what requests are divided within: their model, else their app. */
function uncertainties(db: Database.Database, range: WorkQuestion): (sum: OutputSum) => number | null {
  const apps = appEnergies(db, range)
  const models = modelFigures(db, range, describedModels(db), apps)
  const appKeys = new Map(
    db
      .prepare<[], { rowId: number; key: string }>('SELECT id AS rowId, key FROM app')
      .all()
      .map(({ rowId, key }) => [rowId, key]),
  )
  return ({ app, model }) => models.get(model)?.uncertainty ?? apps.get(appKeys.get(app) ?? '')?.uncertainty ?? null
}

function amountsOf(sums: readonly OutputSum[]) {
  return {
    energyMj: sums.reduce((all, one) => all + one.requestMj, 0),
    delivered: delivered(sums),
    lastS: sums.reduce((last, one) => Math.max(last, one.lastS), 0),
  }
}

/**
 * Gain and share of the models and apps that somebody's requests ran on may all err in one direction, so those are added; what the division
 * among requests adds is independent.
 */
function figuresOf(sums: readonly OutputSum[], uncertaintyOf: (sum: OutputSum) => number | null) {
  const amounts = amountsOf(sums)
  const { energyMj } = amounts
  let commonMj = 0
  let varMj2 = 0
  let estimatedMj = 0
  for (const sum of sums) {
    commonMj += sum.requestMj * (uncertaintyOf(sum) ?? 0)
    varMj2 += sum.requestVarMj2
    estimatedMj += sum.requestEstimatedMj
  }
  const uncertainty = energyMj > 0 ? Math.hypot(commonMj, 2 * Math.sqrt(varMj2)) / energyMj : null
  return { ...amounts, uncertainty, ...ratiosOf(sums, energyMj, uncertainty, estimatedMj) }
}

function ratiosOf(
  sums: readonly OutputSum[],
  energyMj: number,
  uncertainty: number | null,
  estimatedMj: number,
): { tokensPerJ: Efficiency; jPerToken: Efficiency } {
  const local = sums.filter(({ isRemote }) => isRemote === 0)
  if (local.length === 0) return { tokensPerJ: none(ELSEWHERE), jPerToken: none(ELSEWHERE) }
  const { outputTokens, estimatedTokens } = delivered(local)
  const of: EfficiencyOf = {
    amount: outputTokens,
    energyJ: energyMj / 1_000,
    uncertainty,
    isEstimate:
      estimatedMj > ESTIMATE_FROM_RATIO * energyMj || estimatedTokens > ESTIMATE_FROM_RATIO * (outputTokens ?? 0),
    missing: NOT_REPORTED,
  }
  return { tokensPerJ: perJoule(of), jPerToken: joulesPer(of) }
}

function byEnergy(a: { energyMj: number; number: number }, b: { energyMj: number; number: number }): number {
  return b.energyMj - a.energyMj || a.number - b.number
}
