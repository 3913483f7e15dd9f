import { ok, problem, type Result } from '../../../contract/result.ts'

const MOST = 90

/** How many days single requests are kept, as people type it; 0 keeps none. */
export function parseDays(typed: string): Result<number, 'badDays'> {
  const text = typed.trim()
  const days = /^\d{1,3}$/.test(text) ? Number(text) : null
  return days !== null && days <= MOST ? ok(days) : problem('badDays', `A whole number of days from 0 to ${MOST}.`)
}
