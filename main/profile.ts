import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { app, dialog } from 'electron'
import { ok, problem, type Result, remedyText } from '../contract/result.ts'

/** As `perwatt` exits where the data directory cannot be used (docs/cli.md). */
const EXIT_DATA_DIR = 5

/** The folder for Chromium's profile and the lock of the single instance: with the data, so another data directory is another app. */
export function makeProfile(dataDir: string): Result<string, 'notWritable'> {
  const profile = join(dataDir, 'app')
  try {
    mkdirSync(profile, { recursive: true, mode: 0o700 })
    return ok(profile)
  } catch (error) {
    return problem('notWritable', `Perwatt cannot keep its data in ${dataDir}: ${reasonOf(error)}.`, {
      kind: 'command',
      argv: ['ls', '-ld', dataDir],
      asRoot: false,
    })
  }
}

/** Says why there is no app, on the terminal and in a box for whoever has none, and ends. Chromium gets a folder to throw away. */
export async function endUnusable(fault: Extract<Result<string>, { ok: false }>): Promise<void> {
  const advice = fault.remedy === null ? '' : `\nSee what is there: ${remedyText(fault.remedy)}`
  const text = `${fault.reason}${advice}\nOr choose another place: npm start -- --data-dir DIR`
  console.error(text)
  const scratch = mkdtempSync(join(tmpdir(), 'perwatt-'))
  app.setPath('userData', scratch)
  app.setPath('sessionData', scratch)
  await app.whenReady()
  dialog.showErrorBox('Perwatt cannot start', text)
  rmSync(scratch, { recursive: true, force: true })
  app.exit(EXIT_DATA_DIR)
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'a file stands in the way'
  if (code === 'EACCES' || code === 'EPERM') return 'this account may not write there'
  if (code === 'EROFS') return 'that disk is read-only'
  return code === 'ENOSPC' ? 'that disk is full' : String(code ?? error)
}
