import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inspect } from '../../../engine/ledger/inspect.ts'
import { openDescribed, temporaryDirectory } from './machine.ts'
import { cpu, interval, MIDNIGHT_S } from './records.ts'

const DAY_S = 86_400

test('a backup is made once a day while the ledger is written, and the last three are kept', async () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  for (let day = 0; day < 5; day++) {
    const nowS = MIDNIGHT_S + day * DAY_S
    ledger.record(interval(cpu, [nowS, nowS + 10], { otherMj: 1 }))
    ledger.flush(nowS + 10)
    const made = ledger.backUpIfDue(nowS + 10)
    // The next tick's flush comes while the copy is under way.
    ledger.record(interval(cpu, [nowS + 10, nowS + 20], { otherMj: 2 }))
    ledger.flush(nowS + 20)
    expect(await made).toMatchObject({ ok: true, value: expect.stringContaining(directory) })
    expect(await ledger.backUpIfDue(nowS + DAY_S / 2)).toEqual({ ok: true, value: null })
  }
  ledger.close(MIDNIGHT_S + 5 * DAY_S)
  const backups = join(directory, 'backups')
  expect(readdirSync(backups).sort()).toEqual([
    'ledger-2026-11-26.sqlite',
    'ledger-2026-11-27.sqlite',
    'ledger-2026-11-28.sqlite',
  ])
  for (const name of readdirSync(backups)) {
    expect(inspect(join(backups, name))).toBe('good')
    if (process.platform !== 'win32') expect(statSync(join(backups, name)).mode & 0o777).toBe(0o600)
  }
})

test('a backup that cannot be written is a problem, leaves nothing behind, and is tried again an hour later', async () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  ledger.flush(MIDNIGHT_S)
  const inTheWay = join(directory, 'backups')
  writeFileSync(inTheWay, '')
  expect(await ledger.backUpIfDue(MIDNIGHT_S)).toMatchObject({ ok: false, code: 'failing' })
  rmSync(inTheWay)
  expect(await ledger.backUpIfDue(MIDNIGHT_S + 60)).toEqual({ ok: true, value: null })
  expect(await ledger.backUpIfDue(MIDNIGHT_S + 3_600)).toMatchObject({ ok: true, value: expect.any(String) })
  ledger.close(MIDNIGHT_S + 3_600)
})

test('closing the ledger while a backup is under way ends the backup as a problem', async () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  ledger.flush(MIDNIGHT_S)
  const made = ledger.backUpIfDue(MIDNIGHT_S)
  ledger.close(MIDNIGHT_S)
  expect(await made).toMatchObject({ ok: false, code: 'failing' })
  expect(readdirSync(join(directory, 'backups'))).toEqual([])
})
