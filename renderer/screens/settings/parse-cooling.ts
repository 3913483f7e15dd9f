import { ok, problem, type Result } from '../../../contract/result.ts'

const MOST = 3

/** A PUE as people type it, with a point or a comma; nothing typed is 1. */
export function parseCooling(typed: string): Result<number, 'badFactor'> {
  const text = typed.trim().replace(',', '.')
  if (text === '') return ok(1)
  const factor = /^\d{1,2}(\.\d{1,6})?$/.test(text) ? Number(text) : null
  return factor !== null && factor >= 1 && factor <= MOST
    ? ok(factor)
    : problem('badFactor', `The factor is a number from 1 to ${MOST}, such as 1.3.`)
}
