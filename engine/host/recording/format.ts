import { z } from 'zod'
import type { FileFault } from '../host.ts'

/**
 * A recording is one readable text file. First the header, a name and a JSON value a line; then the moments. A moment begins with `at`
 * (monotonic ms since the beginning, boot ms, wall ms) and holds what was found, in the first, or what has changed since, in the others:
 *
 *     file 3 /proc/1000/stat      the whole text of file number 3, in the lines that follow
 *     |1000 (ollama) S 1 …        one line of it; `:` instead of `|` where no newline ends it
 *     change 3 0.13=412 0.14=46   line 0, words 13 and 14 of it are new
 *     fail 4 /sys/… denied        cannot be read now, and why
 *     gone 3                      the process or device of file 3 has ended; its path may come again as another file
 *     dir /proc/… name name       names in a directory
 *     link PATH TARGET            a symbolic link
 *     owner /proc/1000 1000       who owns it
 *     app 1000 ollama             the catalogue's id for a process; `-` where it knows none
 *
 * Bytes that are not printable ASCII, `\` and, in names, blanks are written `\xNN`.
 */
export const FIRST_LINE = 'perwatt recording 1'

export const RecordingHeader = z.strictObject({
  platform: z.enum(['linux', 'darwin', 'win32']),
  ticksPerS: z.int().positive().max(10_000),
  pageBytes: z.int().positive(),
  intervalMs: z.number().positive(),
  durationMs: z.number().nonnegative(),
  facts: z.strictObject({
    cpuModel: z.string().nullable(),
    cpuVendor: z.string().nullable(),
    logicalCpus: z.int().positive(),
    physicalCores: z.int().nullable(),
    sockets: z.int().nullable(),
    memoryBytes: z.int().nullable(),
    chassis: z.enum(['laptop', 'desktop', 'server', 'other']).nullable(),
    osName: z.string().nullable(),
    virtualisation: z.enum(['none', 'vm', 'container', 'wsl']).nullable(),
  }),
})
export type RecordingHeader = z.infer<typeof RecordingHeader>

/** A word of a line: which line, which word in it, and what it is now. */
export type Edit = { readonly line: number; readonly word: number; readonly value: string }

export type Step =
  | { readonly kind: 'file'; readonly file: number; readonly path: string; readonly text: string }
  | { readonly kind: 'change'; readonly file: number; readonly edits: readonly Edit[] }
  | { readonly kind: 'fail'; readonly file: number; readonly path: string; readonly fault: FileFault }
  | { readonly kind: 'gone'; readonly file: number }
  | { readonly kind: 'dir'; readonly path: string; readonly names: readonly string[] }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'owner'; readonly path: string; readonly uid: number }
  | { readonly kind: 'app'; readonly pid: number; readonly app: string | null }

export type Moment = {
  readonly monotonicMs: number
  readonly boottimeMs: number
  readonly wallMs: number
  readonly steps: readonly Step[]
}

export function headerText(header: RecordingHeader): string {
  const lines = Object.entries(header).map(([name, value]) => `${name} ${JSON.stringify(value)}\n`)
  return `${FIRST_LINE}\n${lines.join('')}`
}

export function momentText({ monotonicMs, boottimeMs, wallMs, steps }: Moment): string {
  const times = [monotonicMs, boottimeMs, wallMs].map((ms) => Math.round(ms * 1_000) / 1_000)
  return `\nat ${times.join(' ')}\n${steps.map(stepText).join('')}`
}

function stepText(step: Step): string {
  if (step.kind === 'file') return `file ${step.file} ${escaped(step.path)}\n${contentText(step.text)}`
  if (step.kind === 'change') return `change ${step.file} ${step.edits.map(editText).join(' ')}\n`
  if (step.kind === 'fail') return `fail ${step.file} ${escaped(step.path)} ${step.fault}\n`
  if (step.kind === 'gone') return `gone ${step.file}\n`
  if (step.kind === 'dir') return `${['dir', step.path, ...step.names].map(escaped).join(' ')}\n`
  if (step.kind === 'link') return `link ${escaped(step.path)} ${escaped(step.target)}\n`
  if (step.kind === 'owner') return `owner ${escaped(step.path)} ${step.uid}\n`
  return `app ${step.pid} ${step.app === null ? '-' : escaped(step.app)}\n`
}

function contentText(text: string): string {
  const lines = text.split('\n')
  const last = lines.pop() ?? ''
  const ended = lines.map((line) => `|${escapedLine(line)}\n`).join('')
  return last === '' ? ended : `${ended}:${escapedLine(last)}\n`
}

function editText({ line, word, value }: Edit): string {
  return `${line}.${word}=${escaped(value)}`
}

/** Where only words have changed, these; `null` where the text has another shape. */
export function editsBetween(before: string, after: string): Edit[] | null {
  const oldLines = before.split('\n')
  const newLines = after.split('\n')
  if (oldLines.length !== newLines.length) return null
  const edits: Edit[] = []
  for (const [line, newLine] of newLines.entries()) {
    const oldLine = oldLines[line] ?? ''
    if (oldLine === newLine) continue
    const oldWords = oldLine.split(' ')
    const newWords = newLine.split(' ')
    if (oldWords.length !== newWords.length) return null
    for (const [word, value] of newWords.entries()) {
      if (value !== oldWords[word]) edits.push({ line, word, value })
    }
  }
  return edits
}

/** `null` where an edit points at no word. */
export function withEdits(text: string, edits: readonly Edit[]): string | null {
  const lines = text.split('\n').map((line) => line.split(' '))
  for (const { line, word, value } of edits) {
    const words = lines[line]
    if (words === undefined || word >= words.length) return null
    words[word] = value
  }
  return lines.map((words) => words.join(' ')).join('\n')
}

function escapedLine(text: string): string {
  return text.replace(/[^ -[\]-~]/g, inHex)
}

function escaped(text: string): string {
  return text.replace(/[^!-[\]-~]/g, inHex)
}

function inHex(character: string): string {
  return `\\x${(character.charCodeAt(0) & 0xff).toString(16).padStart(2, '0')}`
}

/** `null` where a `\` begins nothing known. */
export function unescaped(text: string): string | null {
  if (/\\(?!x[0-9a-f]{2})/.test(text)) return null
  return text.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
