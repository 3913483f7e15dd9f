import type Database from 'better-sqlite3'
import type { LedgerApp, LedgerDomain } from './types.ts'
import type { LedgerModel, LedgerPerson, LedgerProject } from './work-types.ts'

const UPSERT_DOMAIN = `
  INSERT INTO domain (key, kind, parent, source, provenance, name, gain_ratio, scope, floor_w, floor_ratio,
    share_ratio)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
    kind = excluded.kind, parent = excluded.parent, source = excluded.source, provenance = excluded.provenance,
    name = excluded.name, gain_ratio = excluded.gain_ratio, scope = excluded.scope, floor_w = excluded.floor_w,
    floor_ratio = excluded.floor_ratio, share_ratio = excluded.share_ratio
  RETURNING id`
const UPSERT_APP = `
  INSERT INTO app (key, name, category, is_local, counts_as_ai, share_ratio)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
    name = excluded.name, category = excluded.category, is_local = excluded.is_local,
    counts_as_ai = excluded.counts_as_ai, share_ratio = excluded.share_ratio
  RETURNING id`

const UPSERT_MODEL = `
  INSERT INTO model (key, app, name, family, parameters, quantisation, engine, device, is_remote, share_ratio)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
    app = excluded.app, name = excluded.name, family = coalesce(excluded.family, family),
    parameters = coalesce(excluded.parameters, parameters), quantisation = coalesce(excluded.quantisation, quantisation),
    engine = coalesce(excluded.engine, engine), device = coalesce(excluded.device, device), is_remote = excluded.is_remote,
    share_ratio = excluded.share_ratio
  RETURNING id`
/** What their owner typed about them stays as it is. */
const UPSERT_PERSON =
  'INSERT INTO person (key, kind) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET kind = excluded.kind RETURNING id'
const UPSERT_PROJECT =
  'INSERT INTO project (key) VALUES (?) ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id'

type Value = string | number | null

/** Interned series: what describes one is written when it changes, and its rows carry the integer. */
export class Series<S extends { readonly id: string }> {
  readonly #upsert: Database.Statement<Value[], { id: number }>
  readonly #values: (series: S) => Value[]
  readonly #written = new Map<string, { readonly series: S; readonly id: number }>()

  constructor(db: Database.Database, upsert: string, values: (series: S) => Value[]) {
    this.#upsert = db.prepare(upsert)
    this.#values = values
  }

  /** Writes those that are new or have changed since the last call. */
  write(all: ReadonlyMap<string, S>): void {
    for (const series of all.values()) {
      if (this.#written.get(series.id)?.series === series) continue
      const row = this.#upsert.get(...this.#values(series))
      if (row === undefined) throw new Error(`no row for ${series.id}`)
      this.#written.set(series.id, { series, id: row.id })
    }
  }

  idOf(key: string): number {
    const written = this.#written.get(key)
    if (written === undefined) throw new Error(`${key} was recorded before it was described`)
    return written.id
  }

  /** The transaction that wrote them was rolled back. */
  forget(): void {
    this.#written.clear()
  }
}

export function domainSeries(db: Database.Database): Series<LedgerDomain> {
  return new Series(db, UPSERT_DOMAIN, (domain) => [
    domain.id,
    domain.kind,
    domain.parent,
    domain.source,
    domain.provenance,
    domain.name,
    domain.gainRatio,
    domain.scope,
    domain.floorW,
    domain.floorRatio,
    domain.shareRatio,
  ])
}

export function appSeries(db: Database.Database): Series<LedgerApp> {
  return new Series(db, UPSERT_APP, (app) => [
    app.id,
    app.name,
    app.category,
    app.local ? 1 : 0,
    app.countsAsAi ? 1 : 0,
    app.shareRatio,
  ])
}

export function modelSeries(db: Database.Database): Series<LedgerModel> {
  return new Series(db, UPSERT_MODEL, (model) => [
    model.id,
    model.app,
    model.name,
    model.family,
    model.parameters,
    model.quantisation,
    model.engine,
    model.device,
    model.isRemote ? 1 : 0,
    model.shareRatio,
  ])
}

export function personSeries(db: Database.Database): Series<LedgerPerson> {
  return new Series(db, UPSERT_PERSON, (person) => [person.id, person.kind])
}

export function projectSeries(db: Database.Database): Series<LedgerProject> {
  return new Series(db, UPSERT_PROJECT, (project) => [project.id])
}
