import type Database from 'better-sqlite3'
import { type AppId, type ModelId, UserId } from '../../../contract/ids.ts'
import type { JobRow, RequestRow } from '../../../contract/models.ts'
import { type People, readPeople } from './people.ts'

/** A request as the ledger knows it: its user by number and label, to be turned into a name. */
export type NamelessRequest = Omit<RequestRow, 'userName'> & {
  readonly userNumber: number
  readonly userLabel: string | null
  /** Accounts that are known in all: the name of an only one tells nothing that is not known. */
  readonly osUsers: number
}
export type RequestsQuestion = {
  readonly fromS: number
  readonly toS: number
  readonly app?: AppId
  readonly model?: ModelId
  readonly user?: UserId
  readonly limit: number
}

const COLUMNS = `
  SELECT request.id, began_ms AS beganMs, ended_ms AS endedMs, app.key AS app, model.key AS model, model.name AS modelName,
    person_id AS personId, project.key AS project, client, endpoint, prompt_tokens AS promptTokens, cached_tokens AS cachedTokens,
    output_tokens AS completionTokens, tokens_provenance AS tokensProvenance, images, audio_ms AS audioMs, first_ms AS ttftMs,
    duration_ms AS durationMs, status, http_status AS httpStatus, request.is_remote AS isRemote, energy_mj AS energyMj, uncertainty,
    request.provenance
  FROM request LEFT JOIN app ON app.id = request.app_id LEFT JOIN model ON model.id = request.model_id
    LEFT JOIN project ON project.id = request.project_id`

type Row = Omit<NamelessRequest, 'isRemote' | 'user' | 'userNumber' | 'userLabel' | 'osUsers'> & {
  readonly isRemote: number
  readonly personId: number
}

/** Newest first; `isComplete: false` where the limit cut some off. Relies on the primary key of `request`, or its index by model. */
export function requestsIn(
  db: Database.Database,
  question: RequestsQuestion,
): { rows: NamelessRequest[]; isComplete: boolean } {
  const { fromS, toS, app, model, user, limit } = question
  const people = readPeople(db)
  const conditions: string[] = []
  const values: number[] = []
  const only = (column: string, rowIds: readonly number[]) => {
    conditions.push(`AND request.${column} IN (${rowIds.map(() => '?').join(', ')})`)
    values.push(...rowIds)
  }
  if (app !== undefined) only('app_id', rowIdOf(db, 'app', app))
  if (model !== undefined) only('model_id', rowIdOf(db, 'model', model))
  if (user !== undefined) only('person_id', idsOf(people, user))
  const rows = db
    .prepare<number[], Row>(
      `${COLUMNS} WHERE request.ended_ms >= ? AND request.ended_ms < ? ${conditions.join(' ')}
       ORDER BY request.ended_ms DESC, request.id DESC LIMIT ?`,
    )
    .all(fromS * 1_000, toS * 1_000, ...values, limit + 1)
  return { rows: rows.slice(0, limit).map((row) => parsed(row, people)), isComplete: rows.length <= limit }
}

function rowIdOf(db: Database.Database, table: 'app' | 'model', key: string): number[] {
  return db.prepare<[string], number>(`SELECT id FROM ${table} WHERE key = ?`).pluck().all(key)
}

/** All identities of one person; requests of nobody that is known are those of 0. */
function idsOf(people: People, user: UserId): number[] {
  if (user === 'unknown') return [0]
  const own = people.all.find(({ key }) => key === user)
  if (own === undefined) return []
  return people.all.filter(({ rowId }) => people.rootOf(rowId) === people.rootOf(own.rowId)).map(({ rowId }) => rowId)
}

/** By its id; `null` where it is not, or no longer, kept. */
export function requestById(db: Database.Database, { id }: { readonly id: string }): NamelessRequest | null {
  const row = db.prepare<[string], Row>(`${COLUMNS} WHERE request.id = ?`).get(id)
  return row === undefined ? null : parsed(row, readPeople(db))
}

/** One person behind several identities is one user here, too. */
function parsed({ personId, ...row }: Row, people: People): NamelessRequest {
  const person = people.of(people.rootOf(personId))
  return {
    ...row,
    user: person === null ? null : UserId.parse(person.key),
    userNumber: person?.rowId ?? 0,
    userLabel: person?.label ?? null,
    osUsers: people.all.filter(({ kind }) => kind === 'os').length,
    isRemote: row.isRemote === 1,
  }
}

/** Runs that touched [fromS, toS), newest first. Relies on the index `job_by_end`. */
export function jobsIn(
  db: Database.Database,
  { fromS, toS }: { readonly fromS: number; readonly toS: number },
): JobRow[] {
  const columns = `SELECT id, label, app, kind, start_s AS startS, end_s AS endS, exit_code AS exitCode, energy_mj AS energyMj, uncertainty, provenance
    FROM job`
  const running = db.prepare<[number], JobRow>(`${columns} WHERE end_s IS NULL AND start_s < ?`).all(toS)
  const ended = db.prepare<[number, number], JobRow>(`${columns} WHERE end_s >= ? AND start_s < ?`).all(fromS, toS)
  return [...running, ...ended].sort((a, b) => b.startS - a.startS || (a.id < b.id ? -1 : 1))
}
