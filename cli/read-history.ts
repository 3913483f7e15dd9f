import type { History } from '../contract/history.ts'
import { appFactors } from '../contract/overhead.ts'
import { ok, type Result } from '../contract/result.ts'
import { openReader } from '../engine/ledger/reader.ts'
import { openSettings, settingsPath } from '../engine/store/settings-file.ts'

type Question = { readonly fromS: number; readonly toS: number; readonly by: History['by'] }

/** Asks the files themselves, where no engine runs; they are only read. */
export function readHistory(dataDir: string, settingsFile: string | undefined, question: Question): Result<History> {
  const reader = openReader(dataDir)
  if (!reader.ok) return reader
  const answer = reader.value.ask('history', question)
  reader.value.close()
  if (!answer.ok) return answer
  const settings = openSettings(settingsFile ?? settingsPath(dataDir)).current
  return ok({ ...answer.value, ...appFactors(settings, answer.value.overheadRatio) })
}
