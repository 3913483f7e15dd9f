import type Database from 'better-sqlite3'
import { AppId } from '../../../contract/ids.ts'
import type { AppRow } from '../../../contract/models.ts'
import { cover } from './cover.ts'
import { coverage } from './coverage.ts'
import { delivered, type OutputSum, outputSums, tokenFigures } from './delivered.ts'
import { appRows } from './history-rows.ts'
import { readSeries } from './series.ts'
import { type Sums, sumRows, totalsByApp } from './sums.ts'
import { type WorkQuestion, wholeHours } from './work-range.ts'

const HOUR_S = 3_600
/** Up to this length a sparkline has a step an hour, else a day. */
const HOURLY_FOR_S = 48 * HOUR_S

type Described = {
  readonly key: string
  readonly category: string
  readonly isLocal: number
  readonly countsAsAi: number
  readonly rowId: number
  readonly name: string
}

/** Every app that drew or delivered something: energy and output of the same whole hours. */
export function appsWork(db: Database.Database, question: WorkQuestion): { rows: AppRow[]; coverageRatio: number } {
  const range = wholeHours(db, question)
  const series = readSeries(db)
  const described = new Map(
    db
      .prepare<[], Described>(
        'SELECT id AS rowId, key, name, category, is_local AS isLocal, counts_as_ai AS countsAsAi FROM app',
      )
      .all()
      .map((row) => [row.key, row]),
  )
  const { segments } = cover(db, range)
  const sums = sumRows(db, segments, () => 0).get(0)
  const energies = new Map((sums === undefined ? [] : appRows(sums, series)).map((row) => [row.key, row]))
  const outputs = Map.groupBy(outputSums(db, range), ({ app }) => app)
  const trends = trendsByApp(db, range)
  const rows = [...described.values()].flatMap((app): AppRow[] => {
    const energy = energies.get(app.key)
    const own = outputs.get(app.rowId) ?? []
    if (energy === undefined && own.length === 0) return []
    return [appRow(app, energy, own, trends.get(app.rowId) ?? trends.empty)]
  })
  return {
    rows: rows.sort((a, b) => b.energyMj - a.energyMj || (a.id < b.id ? -1 : 1)),
    coverageRatio: coverage(db, range.fromS, range.toS),
  }
}

function appRow(
  app: Described,
  energy: ReturnType<typeof appRows>[number] | undefined,
  outputs: readonly OutputSum[],
  trendMj: (number | null)[],
): AppRow {
  const { energyMj, activeMj, idleMj, uncertainty, provenance, estimatedRatio } = energy ?? {
    energyMj: 0,
    activeMj: 0,
    idleMj: 0,
    uncertainty: null,
    provenance: null,
    estimatedRatio: 0,
  }
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
    ...tokenFigures(outputs, { energyMj, uncertainty, estimatedRatio }),
    idleRatio: energyMj > 0 ? idleMj / energyMj : null,
    trendMj,
  }
}

/** Energy in equal steps, by app; a step without any row is unknown, not 0. */
function trendsByApp(
  db: Database.Database,
  { fromS, toS }: WorkQuestion,
): Map<number, (number | null)[]> & { empty: null[] } {
  const stepS = toS - fromS <= HOURLY_FOR_S ? HOUR_S : 24 * HOUR_S
  const steps = Math.max(1, Math.ceil((toS - fromS) / stepS))
  const { segments } = cover(db, { fromS, toS }, { finestS: 10, coarsestS: stepS === HOUR_S ? 3_600 : 86_400 })
  const groups: ReadonlyMap<number, Sums> = sumRows(db, segments, (startS) =>
    Math.min(steps - 1, Math.max(0, Math.floor((startS - fromS) / stepS))),
  )
  const trends = Object.assign(new Map<number, (number | null)[]>(), {
    empty: Array.from({ length: steps }, () => null),
  })
  for (const [step, sums] of groups) {
    for (const [app, { activeMj, idleMj }] of totalsByApp(sums)) {
      const trend = trends.get(app) ?? Array.from({ length: steps }, (_, at) => (groups.has(at) ? 0 : null))
      trend[step] = activeMj + idleMj
      trends.set(app, trend)
    }
  }
  return trends
}
