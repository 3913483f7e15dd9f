import { readFileSync, statSync } from 'node:fs'
import { ok, problem, type Result } from '../../contract/result.ts'

const LEAST_CHARACTERS = 16

/** One secret in a file of the owner alone. A key of somebody else's may be shorter than one that we would take. */
export function readKeyFile(path: string, leastCharacters = LEAST_CHARACTERS): Result<string, 'badInput' | 'denied'> {
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
      return problem('denied', `${path} can be read by other accounts.`, {
        ...{ kind: 'command', argv: ['chmod', '600', path], asRoot: false },
      })
    const key = readFileSync(path, 'utf8').trim()
    if (/^[\x21-\x7e]+$/.test(key) && key.length >= leastCharacters) return ok(key)
    return problem('badInput', `${path} does not hold one key of at least ${leastCharacters} letters without spaces.`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return problem('denied', `${path} cannot be read (${code}).`, {
      ...{ kind: 'command', argv: ['ls', '-l', path], asRoot: false },
    })
  }
}
