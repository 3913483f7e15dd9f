import type Database from 'better-sqlite3'
import { powerW } from '../../../contract/units.ts'
import type { Cells } from '../cells.ts'
import { unpackInto } from '../pack.ts'
import { readSeries } from './series.ts'
import { PACKED_ROWS } from './sums.ts'

const WEEK_S = 7 * 86_400
const MINUTE_S = 60

/** A scale is read more easily when it ends on one of these × a power of ten. */
const ROUND = [1, 1.5, 2, 3, 4, 5, 6, 8, 10]

/**
 * The most that the AI drew in any minute of the last week, rounded up to a round number of watts; `null` where it drew nothing.
 * Relies on the primary key of `packed_energy`.
 */
export function weekMaximumAiPower(db: Database.Database, { nowS }: { nowS: number }): number | null {
  const { apps } = readSeries(db)
  const rows = db.prepare<number[], [number, Uint8Array]>(PACKED_ROWS).raw()
  let mostMj = 0
  for (const [, bytes] of rows.iterate(MINUTE_S, nowS - WEEK_S, nowS)) {
    const cells: Cells = new Map()
    unpackInto(cells, bytes)
    mostMj = Math.max(
      mostMj,
      aiEnergyMj(cells, (app) => apps.get(app)?.countsAsAi === true),
    )
  }
  const maximumW = powerW(mostMj, MINUTE_S * 1_000)
  return maximumW === null || maximumW === 0 ? null : roundUp(maximumW)
}

function aiEnergyMj(cells: Cells, isAi: (app: number) => boolean): number {
  let sumMj = 0
  for (const { apps } of cells.values())
    for (const [app, { activeMj, idleMj }] of apps) if (isAi(app)) sumMj += activeMj + idleMj
  return sumMj
}

function roundUp(maximumW: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(maximumW))
  return magnitude * (ROUND.find((step) => step * magnitude >= maximumW) ?? 10)
}
