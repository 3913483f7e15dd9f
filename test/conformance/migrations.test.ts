import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { backUpBeforeMigration } from '../../engine/ledger/backup.ts'
import type { Cells } from '../../engine/ledger/cells.ts'
import { APPLICATION_ID, migrate, versionOf } from '../../engine/ledger/migrate.ts'
import { type Migration, migration } from '../../engine/ledger/migrations/migration.ts'
import { LATEST_VERSION, migrations } from '../../engine/ledger/migrations/registry.ts'
import { unpackInto } from '../../engine/ledger/pack.ts'
import { VarintWriter } from '../../engine/ledger/varint.ts'
import { temporaryDirectory } from '../engine/ledger/machine.ts'
import { filled } from './migrations-filled.ts'

const tables = (db: Database.Database) =>
  db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all()

function rows(db: Database.Database): Record<string, number> {
  const counts = tables(db).map((name) => [name, Number(db.prepare(`SELECT count(*) FROM ${name}`).pluck().get())])
  return Object.fromEntries(counts)
}

/** A ledger of a version, with the rows that such a ledger had. */
function ledgerOf(version: number): Database.Database {
  const db = new Database(':memory:')
  migrate(db, migrations.slice(0, version), () => {})
  filled[version]?.(db)
  return db
}

test('migrations are numbered from 1 without a hole', () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1))
})

test('every version has its filled ledger, and every table of it has rows', () => {
  for (const { version } of migrations) {
    const db = ledgerOf(version)
    expect(Object.entries(rows(db)).filter(([, count]) => count === 0)).toEqual([])
    db.close()
  }
})

test.each(migrations.map(({ version }) => version))(
  'from version %d the latest is reached, with no table or row lost',
  (version) => {
    const db = ledgerOf(version)
    const before = rows(db)
    migrate(db, migrations, () => {})
    expect(versionOf(db)).toBe(LATEST_VERSION)
    expect(db.pragma('application_id', { simple: true })).toBe(APPLICATION_ID)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(rows(db)).toMatchObject(before)
    db.close()
  },
)

test('every table is STRICT, and every energy row is kept by key alone', () => {
  const db = ledgerOf(LATEST_VERSION)
  for (const { name, strict, wr } of db.pragma('table_list') as { name: string; strict: number; wr: number }[]) {
    if (name.startsWith('sqlite_')) continue
    expect({ name, strict }).toEqual({ name, strict: 1 })
    if (name.endsWith('_energy')) expect({ name, wr }).toEqual({ name, wr: 1 })
  }
  db.close()
})

const addsAColumn: readonly Migration[] = [
  ...migrations,
  migration(LATEST_VERSION + 1, 'ALTER TABLE gap ADD COLUMN note TEXT'),
]

test('a filled ledger is backed up before the first change, as it was', () => {
  const directory = temporaryDirectory()
  const db = new Database(join(directory, 'ledger.sqlite'))
  migrate(db, migrations, () => {})
  filled[LATEST_VERSION]?.(db)
  const before = rows(db)
  const seen: number[] = []
  migrate(db, addsAColumn, (version) => {
    seen.push(version)
    backUpBeforeMigration(db, directory, version, Date.UTC(2026, 10, 25) / 1_000)
  })
  expect(seen).toEqual([LATEST_VERSION])
  expect(versionOf(db)).toBe(LATEST_VERSION + 1)
  db.close()
  expect(readdirSync(join(directory, 'backups'))).toEqual([`ledger-v${LATEST_VERSION}-2026-11-25.sqlite`])
  const backup = new Database(join(directory, 'backups', `ledger-v${LATEST_VERSION}-2026-11-25.sqlite`), {
    readonly: true,
  })
  expect(versionOf(backup)).toBe(LATEST_VERSION)
  expect(rows(backup)).toEqual(before)
  backup.close()
})

test('a migration that fails leaves the version and the rows as they were', () => {
  const db = ledgerOf(LATEST_VERSION)
  const before = rows(db)
  const broken = [...migrations, migration(LATEST_VERSION + 1, 'DELETE FROM gap; INSERT INTO nowhere VALUES (1)')]
  expect(() => migrate(db, broken, () => {})).toThrow('nowhere')
  expect(versionOf(db)).toBe(LATEST_VERSION)
  expect(rows(db)).toEqual(before)
  db.close()
})

test('to version 2, what was recorded gets the floor share that it had of its bucket, and nothing else changes', () => {
  const db = new Database(':memory:')
  migrate(db, migrations.slice(0, 1), () => {})
  filled[1]?.(db)
  // domain 1: floor 10, other 100, variance 5, one app: 1, active 400, idle 0, variance 10, partly estimated: 7.
  const out = new VarintWriter()
  for (const value of [1, 10, 100, 5, 1 * 4, 1 * 4 + 2, 400, 0, 10, 7]) out.write(value)
  db.prepare('UPDATE packed_energy SET cells = ?').run(out.bytes())
  migrate(db, migrations.slice(0, 2), () => {})
  const bytes = db.prepare<[], Uint8Array>('SELECT cells FROM packed_energy').pluck().get()
  const cells: Cells = new Map()
  unpackInto(cells, bytes ?? new Uint8Array())
  expect(cells.get(1)).toMatchObject({ energyMj: 510, idleMj: 10, otherMj: 100, varMj2: 5 })
  expect(cells.get(1)?.apps.get(1)).toEqual({ activeMj: 400, idleMj: 0, floorShareMj: 8, estimatedMj: 7, varMj2: 10 })
  expect(db.prepare('SELECT active_mj, idle_mj, var_mj2, floor_share_mj FROM app_energy').raw().all()).toEqual([
    [1_500, 500, 9, 400],
    [1_500, 500, 9, 400],
  ])
  db.close()
})
