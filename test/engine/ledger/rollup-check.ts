import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect } from 'vitest'
import { type AppCell, addApp, type Cells, domainCell } from '../../../engine/ledger/cells.ts'
import { addModel, type ModelCell, type ModelCells, unpackModelsInto } from '../../../engine/ledger/model-cells.ts'
import { unpackInto } from '../../../engine/ledger/pack.ts'
import { readProgress } from '../../../engine/ledger/progress.ts'
import { OUTPUT_COUNTS } from '../../../engine/ledger/work-rows.ts'

type DomainOnly = { energyMj: number; idleMj: number; otherMj: number; estimatedMj: number; varMj2: number }
type Sum = {
  domains: Record<number, DomainOnly>
  apps: Record<number, AppCell>
  models: Record<number, ModelCell>
  /** By app, model, person, project and where it was computed; of the resolutions that hold output. */
  outputs: Record<string, unknown>[]
}

/** Sums the rows of a resolution that start in [fromS, toS), by domain and by app; written apart from the ledger's own sums. */
export function sumOf(db: Database.Database, resolutionS: number, fromS: number, toS: number): Sum {
  const cells: Cells = new Map()
  const apps = new Map<number, AppCell>()
  if (resolutionS < 3_600) {
    const rows = db
      .prepare<number[], Uint8Array>(
        'SELECT cells FROM packed_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ?',
      )
      .pluck()
      .all(resolutionS, fromS, toS)
    for (const row of rows) unpackInto(cells, row)
    for (const cell of cells.values()) for (const [app, share] of cell.apps) addApp(apps, app, share)
  } else {
    const where = 'WHERE resolution_s = ? AND start_s >= ? AND start_s < ? GROUP BY 1'
    const domains = db
      .prepare<number[], DomainOnly & { id: number }>(
        `SELECT domain_id AS id, sum(energy_mj) AS energyMj, sum(idle_mj) AS idleMj, sum(other_mj) AS otherMj,
           sum(estimated_mj) AS estimatedMj, sum(var_mj2) AS varMj2 FROM domain_energy ${where}`,
      )
      .all(resolutionS, fromS, toS)
    for (const { id, ...row } of domains) Object.assign(domainCell(cells, id), row)
    const rows = db
      .prepare<number[], AppCell & { id: number }>(
        `SELECT app_id AS id, sum(active_mj) AS activeMj, sum(idle_mj) AS idleMj, sum(floor_share_mj) AS floorShareMj,
           sum(estimated_mj) AS estimatedMj, sum(var_mj2) AS varMj2 FROM app_energy ${where}`,
      )
      .all(resolutionS, fromS, toS)
    for (const { id, ...row } of rows) addApp(apps, id, row)
  }
  const domains = Object.fromEntries([...cells].map(([id, { apps: _, ...rest }]) => [id, rest]))
  const models = Object.fromEntries(modelsOf(db, resolutionS, fromS, toS))
  return { domains, apps: Object.fromEntries(apps), models, outputs: outputsOf(db, resolutionS, fromS, toS) }
}

function modelsOf(db: Database.Database, resolutionS: number, fromS: number, toS: number): ModelCells {
  const cells: ModelCells = new Map()
  const where = 'WHERE resolution_s = ? AND start_s >= ? AND start_s < ?'
  if (resolutionS < 3_600) {
    const rows = db.prepare<number[], Uint8Array>(`SELECT cells FROM packed_model_energy ${where}`).pluck()
    for (const row of rows.all(resolutionS, fromS, toS)) unpackModelsInto(cells, row)
    return cells
  }
  const rows = db.prepare<number[], ModelCell & { id: number }>(
    `SELECT model_id AS id, sum(active_mj) AS activeMj, sum(idle_mj) AS idleMj, sum(load_mj) AS loadMj, sum(estimated_mj) AS estimatedMj
     FROM model_energy ${where} GROUP BY 1`,
  )
  for (const { id, ...row } of rows.all(resolutionS, fromS, toS)) addModel(cells, id, row)
  return cells
}

function outputsOf(db: Database.Database, resolutionS: number, fromS: number, toS: number): Record<string, unknown>[] {
  const names = ['app_id', 'model_id', 'person_id', 'project_id', 'is_remote'].join(', ')
  const sums = OUTPUT_COUNTS.map((column) => `sum(${column}) AS ${column}`).join(', ')
  return db
    .prepare<number[], Record<string, unknown>>(
      `SELECT ${names}, ${sums}, max(last_s) AS last_s FROM output
       WHERE resolution_s = ? AND start_s >= ? AND start_s < ? GROUP BY ${names} ORDER BY ${names}`,
    )
    .all(resolutionS, fromS, toS)
}

/** What an app's models drew is never more than what it drew, in any bucket of any resolution. */
function expectModelsWithinApps(db: Database.Database, { apps, models }: Sum): void {
  const owners = db
    .prepare<[], { model: number; app: number }>(
      'SELECT model.id AS model, app.id AS app FROM model JOIN app ON app.key = model.app',
    )
    .all()
  for (const { app } of owners) {
    const own = owners.flatMap((one) => (one.app === app ? (models[one.model] ?? []) : []))
    const sum = (pick: (cell: ModelCell) => number) => own.reduce((all, cell) => all + pick(cell), 0)
    const drawn = apps[app] ?? { activeMj: 0, idleMj: 0, estimatedMj: 0 }
    expect(sum(({ activeMj, loadMj }) => activeMj + loadMj)).toBeLessThanOrEqual(drawn.activeMj)
    expect(sum(({ idleMj }) => idleMj)).toBeLessThanOrEqual(drawn.idleMj)
    expect(sum(({ estimatedMj }) => estimatedMj)).toBeLessThanOrEqual(drawn.estimatedMj)
  }
}

/** Output begins with the hours: those are summed from nothing finer. */
function expectedOf(coarserS: number, finer: Sum, coarse: Sum): Sum {
  return coarserS === 3_600 ? { ...finer, outputs: coarse.outputs } : finer
}

/** Every rolled bucket holds exactly the rows of the next finer resolution that start in it, and buckets do not overlap. */
export function expectExactRollups(directory: string): void {
  const db = new Database(join(directory, 'ledger.sqlite'), { readonly: true })
  try {
    const progress = readProgress(db)
    for (const [finerS, coarserS] of [
      [10, 60],
      [60, 900],
      [900, 3_600],
      [3_600, 86_400],
    ] as const) {
      const fromS = progress[finerS].keptFromS
      for (const { startS, endS } of bucketsOf(db, coarserS, fromS, progress[coarserS].completeToS)) {
        const coarse = sumOf(db, coarserS, startS, startS + 1)
        expect(coarse).toEqual(expectedOf(coarserS, sumOf(db, finerS, startS, endS), coarse))
        expectModelsWithinApps(db, coarse)
      }
      const toS = progress[coarserS].completeToS
      const alignedS = bucketsOf(db, coarserS, fromS, toS)[0]?.startS ?? toS
      const all = sumOf(db, coarserS, alignedS, toS)
      expect(all).toEqual(expectedOf(coarserS, sumOf(db, finerS, alignedS, toS), all))
    }
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  } finally {
    db.close()
  }
}

function bucketsOf(db: Database.Database, resolutionS: number, fromS: number, toS: number) {
  const rows = db
    .prepare<number[], { startS: number; lengthS: number }>(
      resolutionS < 3_600
        ? 'SELECT start_s AS startS, resolution_s AS lengthS FROM packed_energy WHERE resolution_s = ? AND start_s >= ? AND start_s < ?'
        : 'SELECT start_s AS startS, length_s AS lengthS FROM bucket WHERE resolution_s = ? AND start_s >= ? AND start_s < ?',
    )
    .all(resolutionS, fromS, toS)
  return rows.map(({ startS, lengthS }, index) => {
    const next = rows[index + 1]
    if (next !== undefined) expect(startS + lengthS).toBeLessThanOrEqual(next.startS)
    return { startS, endS: startS + lengthS }
  })
}
