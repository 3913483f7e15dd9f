import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { type Ledger, type LedgerOptions, openLedger } from '../../../engine/ledger/ledger.ts'
import type { LedgerNotice } from '../../../engine/ledger/types.ts'
import { domainsAndApps, MIDNIGHT_S } from './records.ts'

/** A directory of this test alone; gone when it ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'perwatt-ledger-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Opens a ledger that must open, with all of `domainsAndApps` described. */
export function openDescribed(
  directory: string,
  options: Partial<LedgerOptions> = {},
): { ledger: Ledger; notices: readonly LedgerNotice[] } {
  const opened = openLedger({ directory, timeZone: 'Europe/Berlin', nowS: MIDNIGHT_S, synchronous: 'off', ...options })
  if (!opened.ok) throw new Error(opened.reason)
  for (const one of domainsAndApps.domains) opened.value.ledger.describeDomain(one)
  for (const one of domainsAndApps.apps) opened.value.ledger.describeApp(one)
  for (const one of domainsAndApps.models) opened.value.ledger.describeModel(one)
  for (const one of domainsAndApps.people) opened.value.ledger.describePerson(one)
  for (const one of domainsAndApps.projects) opened.value.ledger.describeProject(one)
  return opened.value
}

/** Looks into the file as any SQLite program may. */
export function query<T>(directory: string, sql: string, ...parameters: (string | number)[]): T[] {
  const db = new Database(join(directory, 'ledger.sqlite'), { readonly: true })
  try {
    return db.prepare<(string | number)[], T>(sql).all(...parameters)
  } finally {
    db.close()
  }
}
