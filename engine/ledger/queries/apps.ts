import type Database from 'better-sqlite3'
import type { HistoryRow } from '../../../contract/history.ts'
import { AppId } from '../../../contract/ids.ts'
import type { AppRow } from '../../../contract/models.ts'
import { cover } from './cover.ts'
import { coverage } from './coverage.ts'
import { delivered, type OutputSum, outputSums, tokenFigures } from './delivered.ts'
import { appRows } from './history-rows.ts'
import { readSeries } from './series.ts'
import { mergedSums, type Sums, sumRows, totalsByApp } from './sums.ts'
import { stepsOf } from './trend-steps.ts'
import { type WorkQuestion, workRange } from './work-range.ts'

export type AppsWork = { readonly fromS: number; readonly toS: number; readonly rows: AppRow[]; coverageRatio: number }

type Described = {
  readonly key: string
  readonly category: string
  readonly isLocal: number
  readonly countsAsAi: number
  readonly rowId: number
  readonly name: string
}
type Energy = Pick<HistoryRow, 'energyMj' | 'activeMj' | 'idleMj' | 'uncertainty' | 'provenance' | 'estimatedRatio'>

const NO_ENERGY: Energy = {
  ...{ energyMj: 0, activeMj: 0, idleMj: 0, uncertainty: null },
  ...{ provenance: null, estimatedRatio: 0 },
}

/** Every app that drew or delivered something: energy and output of the same whole hours. */
export function appsWork(db: Database.Database, question: WorkQuestion): AppsWork {
  const range = workRange(db, question)
  const { fromS, toS } = range
  const steps = stepsOf(range, range.zone)
  const { segments } = cover(db, range, { finestS: 10, coarsestS: steps.coarsestS })
  const groups = sumRows(db, segments, steps.stepAt)
  const energies = energiesOf(db, mergedSums(groups.values()))
  const trends = trendsByApp(groups, steps.count)
  const outputs = Map.groupBy(outputSums(db, range.segments), ({ app }) => app)
  const rows = describedApps(db).flatMap((app): AppRow[] => {
    const energy = energies.get(app.key) ?? null
    const own = outputs.get(app.rowId) ?? []
    if (energy === null && own.length === 0) return []
    return [appRow(app, energy, own, trends.get(app.rowId) ?? trends.none)]
  })
  return {
    fromS,
    toS,
    rows: rows.sort((a, b) => b.energyMj - a.energyMj || (a.id < b.id ? -1 : 1)),
    coverageRatio: coverage(db, fromS, toS),
  }
}

/** What each app drew, by its id, without what it delivered. */
export function appEnergies(db: Database.Database, range: WorkQuestion): ReadonlyMap<string, HistoryRow> {
  return energiesOf(db, mergedSums(sumRows(db, cover(db, range).segments, () => 0).values()))
}

function energiesOf(db: Database.Database, sums: Sums): ReadonlyMap<string, HistoryRow> {
  return new Map(appRows(sums, readSeries(db)).map((row) => [row.key, row]))
}

function describedApps(db: Database.Database): Described[] {
  return db
    .prepare<[], Described>(
      'SELECT id AS rowId, key, name, category, is_local AS isLocal, counts_as_ai AS countsAsAi FROM app',
    )
    .all()
}

function appRow(
  app: Described,
  energy: Energy | null,
  outputs: readonly OutputSum[],
  trendMj: (number | null)[],
): AppRow {
  const { energyMj, activeMj, idleMj, uncertainty, provenance, estimatedRatio } = energy ?? NO_ENERGY
  return {
    id: AppId.parse(app.key),
    name: app.name,
    category: app.category,
    local: app.isLocal === 1,
    countsAsAi: app.countsAsAi === 1,
    energyMj,
    activeMj,
    idleMj,
    uncertainty,
    provenance,
    estimatedRatio,
    delivered: delivered(outputs),
    ...tokenFigures(outputs, { energyMj: energy?.energyMj ?? null, uncertainty, estimatedRatio }),
    idleRatio: energyMj > 0 ? idleMj / energyMj : null,
    trendMj,
  }
}

/** Energy in steps, by app; a step without any row is unknown, and 0 where others drew something. */
function trendsByApp(groups: ReadonlyMap<number, Sums>, count: number) {
  const none = Array.from({ length: count }, (_, step) => (groups.has(step) ? 0 : null))
  const trends = Object.assign(new Map<number, (number | null)[]>(), { none })
  for (const [step, sums] of groups) {
    for (const [app, { activeMj, idleMj }] of totalsByApp(sums)) {
      const trend = trends.get(app) ?? [...none]
      trend[step] = activeMj + idleMj
      trends.set(app, trend)
    }
  }
  return trends
}
