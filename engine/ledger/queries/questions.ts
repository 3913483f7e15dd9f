import type Database from 'better-sqlite3'
import type { JobRow } from '../../../contract/models.ts'
import { readState } from '../state.ts'
import { appsWork } from './apps.ts'
import { coverage } from './coverage.ts'
import { type HistoryQuestion, history, type RecordedHistory } from './history.ts'
import { modelsWork } from './models.ts'
import { jobsIn, type NamelessRequest, type RequestsQuestion, requestById, requestsIn } from './requests.ts'
import { type Today, todayByApp } from './today-by-app.ts'
import { usersWork } from './users.ts'
import { weekMaximumAiPower } from './week-maximum-ai-power.ts'
import type { WorkQuestion } from './work-range.ts'

export type Questions = {
  history: { input: HistoryQuestion; answer: RecordedHistory }
  todayByApp: { input: { dayStartS: number; nowS: number }; answer: Today }
  weekMaximumAiPower: { input: { nowS: number }; answer: number | null }
  apps: { input: WorkQuestion; answer: ReturnType<typeof appsWork> }
  models: { input: WorkQuestion; answer: ReturnType<typeof modelsWork> }
  users: { input: WorkQuestion; answer: ReturnType<typeof usersWork> }
  requests: { input: RequestsQuestion; answer: ReturnType<typeof requestsIn> }
  request: { input: { id: string }; answer: NamelessRequest | null }
  jobs: { input: WorkQuestion; answer: JobRow[] }
  coverage: { input: { fromS: number; toS: number }; answer: number }
  /** JSON text that the engine keeps under a key; `null` where nothing was saved. */
  savedState: { input: { key: string }; answer: string | null }
}
export type QuestionName = keyof Questions
export type QuestionInput<N extends QuestionName> = Questions[N]['input']
export type Answer<N extends QuestionName> = Questions[N]['answer']

/** Every question that can be put to a ledger, by name: in this process or to the query thread. */
export const questions: {
  readonly [N in QuestionName]: (db: Database.Database, input: QuestionInput<N>) => Answer<N>
} = {
  history,
  todayByApp,
  weekMaximumAiPower,
  apps: appsWork,
  models: modelsWork,
  users: usersWork,
  requests: requestsIn,
  request: requestById,
  jobs: jobsIn,
  coverage: (db, { fromS, toS }) => coverage(db, fromS, toS),
  savedState: (db, { key }) => readState(db).get(key) ?? null,
}
