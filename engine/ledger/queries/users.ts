import type Database from 'better-sqlite3'
import { UserId } from '../../../contract/ids.ts'
import type { ProjectRow, UserRow } from '../../../contract/models.ts'
import { appsWork } from './apps.ts'
import { delivered, joulesPer, NOT_REPORTED, type OutputSum, outputSums, perJoule } from './delivered.ts'
import { type WorkQuestion, wholeHours } from './work-range.ts'

type Person = {
  readonly rowId: number
  readonly key: string
  readonly kind: 'os' | 'api' | 'headcount'
  readonly label: string | null
  readonly mergedInto: number | null
}
/** A user as the ledger knows one: what its owner typed, or nothing; the caller turns it into a name. */
export type NamelessUser = Omit<UserRow, 'name' | 'merged'> & {
  readonly number: number
  readonly label: string | null
  readonly merged: { readonly id: UserId; readonly number: number; readonly label: string | null }[]
}
export type NamelessProject = Omit<ProjectRow, 'name'> & { readonly number: number; readonly label: string | null }

/** Who received what, and what their requests drew. One person behind several identities is one user. */
export function usersWork(
  db: Database.Database,
  question: WorkQuestion,
): { users: NamelessUser[]; projects: NamelessProject[] } {
  const range = wholeHours(db, question)
  const people = db
    .prepare<[], Person>('SELECT id AS rowId, key, kind, label, merged_into AS mergedInto FROM person')
    .all()
  const byRow = new Map(people.map((person) => [person.rowId, person]))
  const sums = outputSums(db, range)
  const appUncertainty = largestUncertainty(db, question)
  const users = [...Map.groupBy(sums, ({ person }) => rootOf(person, byRow))].map(([rowId, own]): NamelessUser => {
    const person = byRow.get(rowId) ?? null
    return {
      id: UserId.parse(person?.key ?? 'unknown'),
      number: rowId,
      label: person?.label ?? null,
      kind: person?.kind ?? 'unknown',
      ...figuresOf(own, appUncertainty),
      merged: people
        .filter((other) => other.rowId !== rowId && rootOf(other.rowId, byRow) === rowId)
        .map((other) => ({ id: UserId.parse(other.key), number: other.rowId, label: other.label })),
    }
  })
  const labels = new Map(
    db
      .prepare<[], { rowId: number; key: string; label: string | null }>('SELECT id AS rowId, key, label FROM project')
      .all()
      .map((row) => [row.rowId, row]),
  )
  const projects = [...Map.groupBy(sums, ({ project }) => project)].flatMap(([rowId, own]): NamelessProject[] => {
    const project = labels.get(rowId)
    if (project === undefined) return []
    const { energyMj, delivered, lastS } = figuresOf(own, appUncertainty)
    return [{ id: project.key, number: rowId, label: project.label, energyMj, delivered, lastS }]
  })
  return { users: users.sort(byEnergy), projects: projects.sort(byEnergy) }
}

/** Follows merges; a circle, which nobody can make here, ends where it began. */
function rootOf(rowId: number, people: ReadonlyMap<number, Person>): number {
  const seen = new Set<number>()
  let at = rowId
  for (;;) {
    const next = people.get(at)?.mergedInto ?? null
    if (next === null || seen.has(next)) return at
    seen.add(next)
    at = next
  }
}

/** Requests are divided within their models and apps: what is uncertain about those is uncertain about them. */
function largestUncertainty(db: Database.Database, question: WorkQuestion): number | null {
  const [largest] = appsWork(db, question).rows.filter((row) => row.delivered.requests !== null)
  return largest?.uncertainty ?? null
}

function figuresOf(sums: readonly OutputSum[], appUncertainty: number | null) {
  const energyMj = sums.reduce((all, one) => all + one.requestMj, 0)
  const varMj2 = sums.reduce((all, one) => all + one.requestVarMj2, 0)
  const uncertainty = energyMj > 0 ? Math.hypot(appUncertainty ?? 0, (2 * Math.sqrt(varMj2)) / energyMj) : null
  const local = sums.filter(({ isRemote }) => isRemote === 0)
  const { outputTokens } = delivered(local)
  const of = { amount: outputTokens, energyJ: energyMj / 1_000, uncertainty, isEstimate: false, missing: NOT_REPORTED }
  return {
    energyMj,
    uncertainty,
    delivered: delivered(sums),
    tokensPerJ: perJoule(of),
    jPerToken: energyMj > 0 ? joulesPer(of) : perJoule(of),
    lastS: Math.max(...sums.map(({ lastS }) => lastS)),
  }
}

function byEnergy(a: { energyMj: number; number: number }, b: { energyMj: number; number: number }): number {
  return b.energyMj - a.energyMj || a.number - b.number
}
