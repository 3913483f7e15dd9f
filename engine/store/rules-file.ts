import { join } from 'node:path'
import { ok, problem, type Result } from '../../contract/result.ts'
import { formatRules, noRules, parseRules, type Rules } from '../catalogue/rules.ts'
import { readOwnFile, replaceFile } from './atomic-file.ts'

export const RULES_FILE = 'rules.json'

export interface RulesFile {
  readonly current: Rules
  /** File, line and what was expected; such a file is left untouched, and no rule of it holds. */
  readonly fault: string | null
  replace(rules: Rules): Result<null, 'notWritable' | 'badRules'>
}

/** The user's own catalogue entries, in a file that they may also edit by hand. */
export function openRules(directory: string | null): RulesFile {
  const path = directory === null ? null : join(directory, RULES_FILE)
  let { rules, fault } = load(path)
  return {
    get current() {
      return rules
    },
    get fault() {
      return fault
    },
    replace(next) {
      if (fault !== null)
        return problem('badRules', `${fault} Mend the file first: writing it anew would lose what is in it.`)
      if (path !== null) {
        const written = replaceFile(path, formatRules(next))
        if (!written.ok) return written
      }
      rules = next
      fault = null
      return ok(null)
    },
  }
}

function load(path: string | null): { rules: Rules; fault: string | null } {
  if (path === null) return { rules: noRules, fault: null }
  const text = readOwnFile(path)
  if (!text.ok) return { rules: noRules, fault: text.reason }
  if (text.value === null) return { rules: noRules, fault: null }
  const parsed = parseRules(text.value, path)
  return parsed.ok ? { rules: parsed.value, fault: null } : { rules: noRules, fault: parsed.reason }
}
