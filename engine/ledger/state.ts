import type Database from 'better-sqlite3'
import { z } from 'zod'

/** Small state under one key each. The ledger's own keys begin with `ledger.`. */
export const OWN = {
  /** Unix second at which this history begins. */
  begunS: 'ledger.begunS',
  /** The home zone. */
  timeZone: 'ledger.timeZone',
  /** The time that retention has reached. */
  prunedAtS: 'ledger.prunedAtS',
  backedUpS: 'ledger.backedUpS',
} as const

export function readState(db: Database.Database): Map<string, string> {
  const rows = db.prepare<[], { key: string; json: string }>('SELECT key, json FROM state').all()
  return new Map(rows.map(({ key, json }) => [key, json]))
}

export function stateWriter(db: Database.Database): (key: string, json: string) => void {
  const write = db.prepare<[string, string]>(
    'INSERT INTO state (key, json) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET json = excluded.json',
  )
  return (key, json) => void write.run(key, json)
}

/** One of the ledger's own values; `null` where it was never written. */
export function readOwn(db: Database.Database, key: (typeof OWN)[keyof typeof OWN]): string | number | null {
  const json = db.prepare<[string], string>('SELECT json FROM state WHERE key = ?').pluck().get(key)
  return json === undefined ? null : z.union([z.string(), z.number()]).parse(JSON.parse(json))
}
