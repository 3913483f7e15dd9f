import { stripVTControlCharacters, styleText } from 'node:util'
import { type Problem, remedyText } from '../contract/result.ts'

export type Tone = 'bold' | 'dim' | 'good' | 'warn' | 'bad'

const STYLES = { bold: ['bold'], dim: ['dim'], good: ['green'], warn: ['yellow'], bad: ['red'] } as const

/** Facts go to stdout, everything else to stderr. */
export class Terminal {
  readonly #isQuiet: boolean
  readonly #isVerbose: boolean
  readonly #hasColour: { readonly out: boolean; readonly err: boolean }

  constructor(options: { quiet: boolean; verbose: boolean }, env: NodeJS.ProcessEnv = process.env) {
    this.#isQuiet = options.quiet
    this.#isVerbose = options.verbose
    // https://no-color.org: any value that is not empty. TERM=dumb understands no escape sequence at all.
    const isPlain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb'
    this.#hasColour = { out: process.stdout.isTTY === true && !isPlain, err: process.stderr.isTTY === true && !isPlain }
  }

  get isInteractive(): boolean {
    return process.stdout.isTTY === true
  }

  /** Cells of a line; in a pipe or a file nothing has to give way. */
  get columns(): number {
    return this.isInteractive ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY
  }

  /** Whole lines for the reader. */
  print(text: string): void {
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  /** The one object of a `--json` answer: readable for a person, one line for a program. */
  printJson(value: unknown, layout: 'pretty' | 'line' = this.isInteractive ? 'pretty' : 'line'): void {
    this.print(JSON.stringify(value, null, layout === 'pretty' ? 2 : undefined))
  }

  /** Progress and remarks; not with --quiet. */
  note(text: string): void {
    if (!this.#isQuiet) process.stderr.write(`${text}\n`)
  }

  /** One line that is written over by the next; an empty one removes it. Only on a terminal. */
  progress(text: string): void {
    if (!this.#isQuiet && process.stderr.isTTY === true) process.stderr.write(`\r\x1b[K${text}`)
  }

  /** Only with --verbose. */
  detail(text: string): void {
    if (this.#isVerbose) process.stderr.write(`${text}\n`)
  }

  /** What went wrong and what mends it; always. */
  complain(problem: Problem): void {
    process.stderr.write(`perwatt: ${stripVTControlCharacters(problem.reason)}\n`)
    if (problem.remedy === null) return
    const note = problem.remedy.note === undefined ? '' : `  (${problem.remedy.note})`
    process.stderr.write(
      `  ${this.#styled('dim', 'To mend it:', this.#hasColour.err)} ${remedyText(problem.remedy)}${note}\n`,
    )
  }

  /** A word of stdout in a tone, where stdout shows any. */
  tone(tone: Tone, text: string): string {
    return this.#styled(tone, text, this.#hasColour.out)
  }

  #styled(tone: Tone, text: string, hasColour: boolean): string {
    return hasColour ? styleText([...STYLES[tone]], text, { validateStream: false }) : text
  }
}

/** `perwatt history | head -1`: a reader that has seen enough is no failure, and nobody is left to tell. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
}
