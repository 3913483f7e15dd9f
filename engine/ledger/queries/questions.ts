import type Database from 'better-sqlite3'
import type { History } from '../../../contract/history.ts'
import { readState } from '../state.ts'
import { coverage } from './coverage.ts'
import { type HistoryQuestion, history } from './history.ts'
import { type Today, todayByApp } from './today-by-app.ts'
import { weekMaximumAiPower } from './week-maximum-ai-power.ts'

export type Questions = {
  history: { input: HistoryQuestion; answer: History }
  todayByApp: { input: { dayStartS: number; nowS: number }; answer: Today }
  weekMaximumAiPower: { input: { nowS: number }; answer: number | null }
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
  coverage: (db, { fromS, toS }) => coverage(db, fromS, toS),
  savedState: (db, { key }) => readState(db).get(key) ?? null,
}
