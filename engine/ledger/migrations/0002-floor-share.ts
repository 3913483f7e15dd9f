import type Database from 'better-sqlite3'
import { CorruptCells, VarintReader, VarintWriter } from '../varint.ts'
import { migration } from './migration.ts'

/**
 * An app's energy carries the floor under it, `floor_share_mj` = Σ floor × its share, for the uncertainty alone. What was recorded before
 * gets the share that it had of the whole bucket, which is what its uncertainty was taken from until then. A domain has a share ratio of
 * its own where work on it is not told by CPU time.
 */
export const floorShare = migration(
  2,
  `
  ALTER TABLE domain ADD COLUMN share_ratio REAL;
  ALTER TABLE app_energy ADD COLUMN floor_share_mj INTEGER NOT NULL DEFAULT 0 CHECK (floor_share_mj >= 0);

  UPDATE app_energy SET floor_share_mj = coalesce(
    (SELECT CAST(round(1.0 * (active_mj + app_energy.idle_mj) * sum(d.idle_mj) / nullif(sum(d.energy_mj - d.idle_mj), 0)) AS INTEGER)
     FROM domain_energy d WHERE d.resolution_s = app_energy.resolution_s AND d.start_s = app_energy.start_s), 0);
  `,
  convertPacked,
)

type Row = { resolutionS: number; startS: number; cells: Uint8Array }

function convertPacked(db: Database.Database): void {
  const rows = db
    .prepare<[], Row>('SELECT resolution_s AS resolutionS, start_s AS startS, cells FROM packed_energy')
    .all()
  const put = db.prepare('UPDATE packed_energy SET cells = ? WHERE resolution_s = ? AND start_s = ?')
  const drop = db.prepare('DELETE FROM packed_energy WHERE resolution_s = ? AND start_s = ?')
  for (const { resolutionS, startS, cells } of rows) {
    const bytes = withFloorShares(cells)
    if (bytes === null) drop.run(resolutionS, startS)
    else put.run(bytes, resolutionS, startS)
  }
}

/**
 * Version 1: `{ domain, idle, other, variance, apps × 4 + class, [estimated], { app × 4 + class, active, idle, variance, [estimated] }… }…`;
 * in version 2 the floor share stands before an app's variance. `null` where the bytes are damaged: nobody can read that bucket, and the
 * backup made before the migration has it.
 */
function withFloorShares(bytes: Uint8Array): Uint8Array | null {
  try {
    return converted(bytes)
  } catch (error) {
    if (error instanceof CorruptCells) return null
    throw error
  }
}

function converted(bytes: Uint8Array): Uint8Array {
  const input = new VarintReader(bytes)
  const out = new VarintWriter()
  while (!input.atEnd) {
    const [domain, idleMj, otherMj, varMj2, kind] = read(input, 5)
    const estimated = read(input, kind % 4 === 2 ? 1 : 0)
    const apps = Array.from({ length: Math.floor(kind / 4) }, () => {
      const [app, activeMj, appIdleMj, appVarMj2] = read(input, 4)
      return { app, activeMj, appIdleMj, appVarMj2, estimated: read(input, app % 4 === 2 ? 1 : 0) }
    })
    const aboveMj = apps.reduce((sum, { activeMj, appIdleMj }) => sum + activeMj + appIdleMj, otherMj)
    for (const value of [domain, idleMj, otherMj, varMj2, kind, ...estimated]) out.write(value)
    for (const { app, activeMj, appIdleMj, appVarMj2, estimated: ofApp } of apps) {
      const floorShareMj = aboveMj > 0 ? Math.round((idleMj * (activeMj + appIdleMj)) / aboveMj) : 0
      for (const value of [app, activeMj, appIdleMj, floorShareMj, appVarMj2, ...ofApp]) out.write(value)
    }
  }
  return out.bytes()
}

type Five = [number, number, number, number, number]

function read(input: VarintReader, count: number): Five {
  return Array.from({ length: count }, () => input.read()) as Five
}
