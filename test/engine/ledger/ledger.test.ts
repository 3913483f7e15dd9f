import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openLedger } from '../../../engine/ledger/ledger.ts'
import { LATEST_VERSION } from '../../../engine/ledger/migrations/registry.ts'
import { openDescribed, query, temporaryDirectory } from './machine.ts'
import { cpu, gpu, interval, MIDNIGHT_S, ollama } from './records.ts'

const options = (directory: string) => ({ directory, timeZone: 'UTC', nowS: MIDNIGHT_S, synchronous: 'off' }) as const

test.skipIf(process.platform === 'win32')('every file is 0600 in a directory of 0700, the log and the lock too', () => {
  const directory = join(temporaryDirectory(), 'data', 'perwatt')
  const { ledger } = openDescribed(directory)
  ledger.record(interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 10], { otherMj: 1 }))
  ledger.flush(MIDNIGHT_S + 10)
  const modes = readdirSync(directory).map((name) => [name, (statSync(join(directory, name)).mode & 0o777).toString(8)])
  ledger.close(MIDNIGHT_S + 10)
  expect(Object.fromEntries(modes)).toEqual({
    'engine.lock': '600',
    'ledger.sqlite': '600',
    'ledger.sqlite-shm': '600',
    'ledger.sqlite-wal': '600',
  })
  expect((statSync(directory).mode & 0o777).toString(8)).toBe('700')
})

test('a second writer is refused while the first lives, and welcome afterwards', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  expect(openLedger(options(directory))).toMatchObject({ ok: false, code: 'locked' })
  ledger.close(MIDNIGHT_S)
  openDescribed(directory).ledger.close(MIDNIGHT_S)
})

test('a ledger of a newer version is refused and not one byte of it changes', () => {
  const directory = temporaryDirectory()
  openDescribed(directory).ledger.close(MIDNIGHT_S)
  const file = join(directory, 'ledger.sqlite')
  const db = new Database(file)
  db.pragma(`user_version = ${LATEST_VERSION + 1}`)
  db.close()
  const before = readFileSync(file)
  const refused = openLedger(options(directory))
  expect(refused).toMatchObject({ ok: false, code: 'newer' })
  expect(refused.ok ? '' : refused.reason).toContain('newer Perwatt')
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(openLedger(options(directory))).toMatchObject({ code: 'newer' })
})

test('a data directory whose name is a file is a problem with its name in it', () => {
  const file = join(temporaryDirectory(), 'file')
  writeFileSync(file, '')
  const refused = openLedger(options(file))
  expect(refused).toMatchObject({ ok: false, code: 'notWritable' })
  expect(refused.ok ? '' : refused.reason).toContain(file)
})

test('what is recorded across two flushes into one bucket is its sum', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  for (const second of [0, 1, 2]) {
    const at = [MIDNIGHT_S + second, MIDNIGHT_S + second + 1] as const
    ledger.record(interval(cpu, at, { idleMj: 1, otherMj: 10, shares: { ollama: { activeMj: 100, varMj2: 4 } } }))
    ledger.flush(at[1])
  }
  ledger.flush(MIDNIGHT_S + 4_000)
  ledger.close(MIDNIGHT_S + 4_000)
  expect(query(directory, 'SELECT energy_mj, idle_mj, other_mj FROM domain_energy')).toEqual([
    { energy_mj: 333, idle_mj: 3, other_mj: 30 },
  ])
  expect(query(directory, 'SELECT active_mj, var_mj2 FROM app_energy')).toEqual([{ active_mj: 300, var_mj2: 12 }])
})

test('a description is written once, and again when it changes', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  ledger.flush(MIDNIGHT_S)
  ledger.describeDomain({ ...cpu })
  ledger.describeDomain({ ...gpu, floorW: 7.5 })
  ledger.describeApp({ ...ollama, name: 'Ollama' })
  ledger.close(MIDNIGHT_S + 10)
  expect(query(directory, 'SELECT id, key, floor_w FROM domain ORDER BY id')).toEqual([
    { id: 1, key: 'cpu/0', floor_w: 2 },
    { id: 2, key: 'gpu/0', floor_w: 7.5 },
  ])
  expect(query(directory, "SELECT name FROM app WHERE key = 'ollama'")).toEqual([{ name: 'Ollama' }])
})

test('parts that do not add up and series that nobody described are bugs, and thrown', () => {
  const { ledger } = openDescribed(temporaryDirectory())
  const good = interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 1], { otherMj: 5 })
  expect(() => ledger.record({ ...good, energyMj: 6 })).toThrow('parts of 5 mJ of 6 mJ')
  expect(() => ledger.record(interval({ ...cpu, id: gpu.id }, [0, 1], { shares: { nobody: {} } }))).toThrow('nobody')
  expect(() => ledger.saveState('ledger.timeZone', '""')).toThrow("the ledger's own")
  ledger.close(MIDNIGHT_S)
})

test('small state comes back after a restart', () => {
  const directory = temporaryDirectory()
  const first = openDescribed(directory).ledger
  expect(first.state('floors')).toBeNull()
  first.saveState('floors', '{"cpu/0":2.5}')
  first.close(MIDNIGHT_S)
  const second = openDescribed(directory).ledger
  expect(second.state('floors')).toBe('{"cpu/0":2.5}')
  second.close(MIDNIGHT_S)
})

test('gaps of one cause that touch become one, in memory and in the file, and a restart is a gap by itself', () => {
  const directory = temporaryDirectory()
  const { ledger } = openDescribed(directory)
  ledger.gap({ fromS: MIDNIGHT_S + 10, toS: MIDNIGHT_S + 20, cause: 'suspend' })
  ledger.gap({ fromS: MIDNIGHT_S + 20, toS: MIDNIGHT_S + 25, cause: 'suspend' })
  ledger.flush(MIDNIGHT_S + 30)
  ledger.gap({ fromS: MIDNIGHT_S + 25, toS: MIDNIGHT_S + 40, cause: 'suspend' })
  ledger.gap({ fromS: MIDNIGHT_S + 35, toS: MIDNIGHT_S + 40, cause: 'paused' })
  ledger.gap({ fromS: MIDNIGHT_S + 40, toS: MIDNIGHT_S + 40, cause: 'stall' })
  ledger.close(MIDNIGHT_S + 50)
  openDescribed(directory, { nowS: MIDNIGHT_S + 500 }).ledger.close(MIDNIGHT_S + 501)
  expect(
    query(directory, 'SELECT from_s - ? AS a, to_s - ? AS b, cause FROM gap ORDER BY a', MIDNIGHT_S, MIDNIGHT_S),
  ).toEqual([
    { a: 10, b: 40, cause: 'suspend' },
    { a: 35, b: 40, cause: 'paused' },
    { a: 50, b: 500, cause: 'restart' },
  ])
})

test('the log stays near 4 MB however much is written', () => {
  const { ledger } = openDescribed(temporaryDirectory())
  for (let index = 0; index < 3_000; index++) {
    const startS = MIDNIGHT_S + index * 10
    ledger.record(interval(cpu, [startS, startS + 10], { otherMj: 5 }))
    ledger.flush(startS + 10)
  }
  expect(ledger.bytes).toBeGreaterThan(100_000)
  expect(ledger.bytes).toBeLessThan(6_000_000)
  ledger.close(MIDNIGHT_S + 30_000)
})
