import type { History } from '../contract/history.ts'
import type { Result } from '../contract/result.ts'
import { openReader } from '../engine/ledger/reader.ts'

type Question = { readonly fromS: number; readonly toS: number; readonly by: History['by'] }

/** Asks the file itself, where no engine runs; it is only read. */
export function readHistory(dataDir: string, question: Question): Result<History> {
  const reader = openReader(dataDir)
  if (!reader.ok) return reader
  const answer = reader.value.ask('history', question)
  reader.value.close()
  return answer
}
