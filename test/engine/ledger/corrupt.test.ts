import { existsSync, readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openDescribed, query, temporaryDirectory } from './machine.ts'
import { cpu, interval, MIDNIGHT_S } from './records.ts'

const HOURS = 2
const BACKUP_S = MIDNIGHT_S + 3_600
const END_S = MIDNIGHT_S + HOURS * 3_600

/** Two hours of 1 mJ a second, closed; with a backup after the first. */
async function filled(directory: string, withBackup: boolean): Promise<string> {
  const { ledger } = openDescribed(directory)
  for (let atS = MIDNIGHT_S; atS < END_S; atS += 10) {
    ledger.record(interval(cpu, [atS, atS + 10], { shares: { ollama: { activeMj: 10 } } }))
    ledger.flush(atS + 10)
    if (withBackup && atS + 10 === BACKUP_S) expect(await ledger.backUpIfDue(BACKUP_S)).toMatchObject({ ok: true })
  }
  ledger.close(END_S)
  return join(directory, 'ledger.sqlite')
}

const overwrite = (from: number, length: number) => (file: string) => {
  const bytes = readFileSync(file)
  bytes.fill(0xa5, from, from + length)
  writeFileSync(file, bytes)
}

const places: [string, (file: string) => void][] = [
  ['its first bytes are overwritten', overwrite(0, 100)],
  ['the schema’s page is overwritten', overwrite(100, 3_000)],
  [
    'a page in the middle is overwritten',
    (file) => overwrite(Math.floor(statSync(file).size / 8_192) * 4_096, 4_096)(file),
  ],
  ['the last page is overwritten', (file) => overwrite(statSync(file).size - 4_096, 4_096)(file)],
  ['half of it is gone', (file) => truncateSync(file, Math.floor(statSync(file).size / 2))],
  ['a text file stands in its place', (file) => writeFileSync(file, 'not a ledger at all\n'.repeat(100))],
]

test.each(places)('where %s, the file is set aside untouched and a new history begins', async (_, damage) => {
  const directory = temporaryDirectory()
  const file = await filled(directory, false)
  damage(file)
  const damaged = readFileSync(file)
  const { ledger, notices } = openDescribed(directory, { nowS: END_S + 60 })
  expect(notices).toMatchObject([{ code: 'ledgerBegunAnew' }])
  const aside = readdirSync(directory).filter((name) => /^ledger\.corrupt-.*\.sqlite$/.test(name))
  expect(aside).toEqual(['ledger.corrupt-2026-11-25T01-01-00Z.sqlite'])
  expect(notices[0]?.text).toContain(join(directory, aside[0] ?? ''))
  expect(readFileSync(join(directory, aside[0] ?? '')).equals(damaged)).toBe(true)
  ledger.record(interval(cpu, [END_S + 60, END_S + 70], { otherMj: 3 }))
  expect(ledger.close(END_S + 70)).toMatchObject({ ok: true })
  expect(query(directory, 'SELECT from_s FROM gap')).toEqual([])
})

test.each(places)(
  'where %s and there is a backup, history goes on from it and the rest is a gap',
  async (_, damage) => {
    const directory = temporaryDirectory()
    damage(await filled(directory, true))
    const { ledger, notices } = openDescribed(directory, { nowS: END_S + 60 })
    expect(notices).toMatchObject([{ code: 'ledgerRestored' }])
    ledger.close(END_S + 70)
    const [last] = query<{ startS: number }>(
      directory,
      'SELECT max(start_s) AS startS FROM packed_energy WHERE resolution_s = 10',
    )
    expect(last?.startS).toBe(BACKUP_S - 10)
    expect(query(directory, 'SELECT from_s, to_s, cause FROM gap')).toEqual([
      { from_s: BACKUP_S, to_s: END_S + 60, cause: 'lost' },
    ])
  },
)

test('a backup that is damaged too is passed over for the one before it', async () => {
  const directory = temporaryDirectory()
  const file = await filled(directory, true)
  const newest = join(directory, 'backups', 'ledger-2026-11-26.sqlite')
  writeFileSync(newest, readFileSync(file).fill(7, 4_096))
  utimesSync(newest, END_S + 9_999_999, END_S + 9_999_999)
  overwrite(0, 100)(file)
  const { ledger, notices } = openDescribed(directory, { nowS: END_S })
  expect(notices).toMatchObject([{ code: 'ledgerRestored' }])
  ledger.close(END_S)
})

test('damage that shows while the ledger is in use is survived, and what was waiting is in the new file', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  ledger.record(interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 5], { otherMj: 5 }))
  ledger.saveState('floors', '1')
  ledger.flush(MIDNIGHT_S + 5)
  const other = new Database(join(directory, 'ledger.sqlite'))
  other.exec("UPDATE packed_energy SET cells = x'ffffff'")
  other.close()
  ledger.record(interval(cpu, [MIDNIGHT_S + 5, MIDNIGHT_S + 10], { otherMj: 11 }))
  expect(ledger.flush(MIDNIGHT_S + 10)).toEqual({ ok: true, value: null })
  expect(ledger.status.state).toBe('writing')
  expect(ledger.notices).toMatchObject([{ code: 'ledgerBegunAnew' }])
  ledger.close(MIDNIGHT_S + 4_000)
  expect(query(directory, 'SELECT energy_mj FROM domain_energy')).toEqual([{ energy_mj: 11 }])
  expect(query(directory, "SELECT json FROM state WHERE key = 'floors'")).toEqual([{ json: '1' }])
})

test('a log left by a kill is set aside beside its file', async () => {
  const directory = temporaryDirectory()
  const file = await filled(directory, false)
  const reader = new Database(file, { readonly: true })
  reader.prepare('SELECT count(*) FROM state').get()
  expect(existsSync(`${file}-wal`)).toBe(true)
  overwrite(0, 100)(file)
  openDescribed(directory, { nowS: END_S }).ledger.close(END_S)
  reader.close()
  expect(
    readdirSync(directory)
      .filter((name) => name.startsWith('ledger.corrupt-'))
      .sort(),
  ).toEqual([
    'ledger.corrupt-2026-11-25T01-00-00Z.sqlite',
    'ledger.corrupt-2026-11-25T01-00-00Z.sqlite-shm',
    'ledger.corrupt-2026-11-25T01-00-00Z.sqlite-wal',
  ])
})
