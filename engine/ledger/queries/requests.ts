import type Database from 'better-sqlite3'
import type { AppId, ModelId, UserId } from '../../../contract/ids.ts'
import type { JobRow, RequestRow } from '../../../contract/models.ts'

/** A request as the ledger knows it: its user by number and label, to be turned into a name. */
export type NamelessRequest = Omit<RequestRow, 'userName'> & {
  readonly userNumber: number
  readonly userLabel: string | null
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
    person.key AS user, person.label AS userLabel, request.person_id AS userNumber, project.key AS project, client, endpoint,
    prompt_tokens AS promptTokens, cached_tokens AS cachedTokens, output_tokens AS completionTokens,
    tokens_provenance AS tokensProvenance, images, audio_ms AS audioMs, first_ms AS ttftMs, duration_ms AS durationMs, status,
    http_status AS httpStatus, request.is_remote AS isRemote, energy_mj AS energyMj, uncertainty, request.provenance
  FROM request LEFT JOIN app ON app.id = request.app_id LEFT JOIN model ON model.id = request.model_id
    LEFT JOIN person ON person.id = request.person_id LEFT JOIN project ON project.id = request.project_id`

type Row = Omit<NamelessRequest, 'isRemote'> & { readonly isRemote: number }

/** Newest first; `isComplete: false` where the limit cut some off. Relies on the primary key of `request`. */
export function requestsIn(
  db: Database.Database,
  question: RequestsQuestion,
): { rows: NamelessRequest[]; isComplete: boolean } {
  const { fromS, toS, app = null, model = null, user = null, limit } = question
  const rows = db
    .prepare<(number | string | null)[], Row>(
      `${COLUMNS}
       WHERE request.ended_ms >= ? AND request.ended_ms < ? AND (? IS NULL OR app.key = ?) AND (? IS NULL OR model.key = ?)
         AND (? IS NULL OR person.key = ?)
       ORDER BY request.ended_ms DESC, request.id LIMIT ?`,
    )
    .all(fromS * 1_000, toS * 1_000, app, app, model, model, user, user, limit + 1)
  return { rows: rows.slice(0, limit).map(parsed), isComplete: rows.length <= limit }
}

/** By its id; `null` where it is not, or no longer, kept. */
export function requestById(db: Database.Database, { id }: { readonly id: string }): NamelessRequest | null {
  const row = db.prepare<[string], Row>(`${COLUMNS} WHERE request.id = ?`).get(id)
  return row === undefined ? null : parsed(row)
}

function parsed(row: Row): NamelessRequest {
  return { ...row, isRemote: row.isRemote === 1 }
}

/** Runs that touched [fromS, toS), newest first. */
export function jobsIn(
  db: Database.Database,
  { fromS, toS }: { readonly fromS: number; readonly toS: number },
): JobRow[] {
  return db
    .prepare<[number, number], JobRow>(
      `SELECT id, label, app, kind, start_s AS startS, end_s AS endS, exit_code AS exitCode, energy_mj AS energyMj, uncertainty, provenance
       FROM job WHERE start_s < ? AND coalesce(end_s, ${Number.MAX_SAFE_INTEGER}) >= ? ORDER BY start_s DESC`,
    )
    .all(toS, fromS)
}
