import type { z } from 'zod'
import { ok, type Problem, problem, type Result } from '../../../contract/result.ts'
import { checkRig, type Mistake } from './check.ts'
import { parseJsonLines } from './json-lines.ts'
import { Rig } from './schema.ts'

/** Reads a rig written in JSON; nothing in it is ever run. Problems name file, line, field and what was expected. */
export function parseRig(text: string, fileName: string): Result<Rig, 'badRig'> {
  const json = parseJsonLines(text)
  if (!json.ok) return badRig(`${fileName}:${json.line}: ${json.expected}.`)
  const checked = checkedRig(json.value)
  if (checked.ok) return ok(checked.rig)
  return badRig(told(checked.mistakes, (mistake) => `${fileName}:${json.lineOf(mistake.path)}`))
}

/** The same for a rig that TypeScript made: it has no lines, only fields. */
export function rigOf(value: unknown, fileName: string): Result<Rig, 'badRig'> {
  const checked = checkedRig(value)
  return checked.ok ? ok(checked.rig) : badRig(told(checked.mistakes, () => fileName))
}

export function badRig(reason: string): Problem<'badRig'> {
  return problem('badRig', reason)
}

type Checked = { ok: true; rig: Rig } | { ok: false; mistakes: readonly Mistake[] }

function checkedRig(value: unknown): Checked {
  const parsed = Rig.safeParse(value)
  if (!parsed.success) return { ok: false, mistakes: parsed.error.issues.map(mistakeOf) }
  const mistakes = checkRig(parsed.data)
  return mistakes.length > 0 ? { ok: false, mistakes } : { ok: true, rig: parsed.data }
}

function told(mistakes: readonly Mistake[], where: (mistake: Mistake) => string): string {
  const [first, ...others] = mistakes
  if (first === undefined) return ''
  const field = first.path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  )
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return `${where(first)}: ${field === '' ? 'the rig' : field}: ${first.expected}.${more}`
}

type Issue = z.core.$ZodIssue

/** Of a value that may have several shapes, the complaint that got furthest says what was meant. */
function mistakeOf(issue: Issue): Mistake {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? ''
    return { path: [...pathOf(issue), key], expected: 'expected only the fields of docs/rigs.md' }
  }
  if (issue.code !== 'invalid_union') return { path: pathOf(issue), expected: inWords(issue) }
  const deeper = issue.errors
    .map((issues) => issues.map(mistakeOf).toSorted((a, b) => b.path.length - a.path.length)[0])
    .filter((mistake) => mistake !== undefined)
    .filter((mistake) => mistake.path.length > 0 && !mistake.expected.startsWith('expected only'))
    .toSorted((a, b) => b.path.length - a.path.length)[0]
  const isTold = deeper !== undefined && deeper.path.length > 1
  if (!isTold) return { path: pathOf(issue), expected: inWords(issue) }
  return { path: [...pathOf(issue), ...deeper.path], expected: deeper.expected }
}

function pathOf(issue: Issue): (string | number)[] {
  return issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
}

function inWords(issue: Issue): string {
  const { message } = issue
  return message.startsWith('expected') ? message : message.replace(/^(Invalid input|Invalid option|Too \w+): /, '')
}
