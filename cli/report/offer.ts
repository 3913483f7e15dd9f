import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { Context } from '../command.ts'
import type { ReportJson } from '../shapes.ts'

/**
 * Shows a report before it is saved, and asks. With `--yes`, or where nobody can answer, it goes to `--output` at once, or to stdout where no
 * file is named.
 */
export async function offerReport(context: Context, report: ReportJson): Promise<Result<null, 'failed'>> {
  const { args, terminal } = context
  const text = `${JSON.stringify(report, null, 2)}\n`
  const named = args.text('output')
  if (args.has('yes') || !terminal.isInteractive || process.stdin.isTTY !== true) {
    if (named !== null) return save(context, named, text)
    terminal.print(text)
    return ok(null)
  }
  terminal.print(text)
  const file = named ?? `perwatt-report-${report.at.slice(0, 16).replaceAll(':', '')}.json`
  if (await isAgreed(`Save this as ${file}? Nothing is sent anywhere. [y/N] `)) return save(context, file, text)
  terminal.note('Not saved.')
  return ok(null)
}

/** Anything but y or yes is no; so are Ctrl-C and Ctrl-D. */
function isAgreed(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve) => {
    lines.once('close', () => resolve(false))
    lines.question(question, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()))
      lines.close()
    })
  })
}

function save({ terminal }: Context, file: string, text: string): Result<null, 'failed'> {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    return problem('failed', `${file} cannot be written: ${describe(error)}. Name another with --output.`)
  }
  terminal.note(`Saved as ${file}. Look through it before you attach it to a report.`)
  return ok(null)
}

function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EEXIST') return 'it is there already'
  if (code === 'ENOSPC') return 'the disk is full'
  return String(code ?? error)
}
