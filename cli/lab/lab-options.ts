import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { ok, problem, type Result } from '../../contract/result.ts'
import { NEUTRAL_PROMPTS } from '../../engine/lab/neutral-prompts.ts'
import type { LabSetting } from '../../engine/lab/plan.ts'
import { type PromptSet, parsePromptSet } from '../../engine/lab/prompt-set.ts'
import type { Arguments } from '../arguments.ts'

export type LabOptions = {
  readonly models: readonly string[]
  readonly settings: readonly LabSetting[]
  readonly prompts: PromptSet
  readonly budgetMs: number
  readonly targetRatio: number
  readonly output: string | null
}

const USUAL = { minutes: 20, targetPct: 5 }
const MOST_CELLS = 24
const MAX_FILE_BYTES = 1_000_000

/** What was typed for a lab, as a plan can use it. */
export function labOptions(args: Arguments): Result<LabOptions, 'badInput'> {
  const models = [...new Set((args.text('models') ?? '').split(',').map((name) => name.trim()))].filter(Boolean)
  if (models.length === 0) return problem('badInput', 'perwatt lab needs --models A,B. See perwatt lab --help.')
  const concurrency = wholes(args, 'concurrency', 1, 64)
  if (!concurrency.ok) return concurrency
  const contexts = wholes(args, 'context', 256, 1_048_576)
  if (!contexts.ok) return contexts
  const minutes = number(args, 'minutes', USUAL.minutes, 1, 1_440)
  if (!minutes.ok) return minutes
  const targetPct = number(args, 'within', USUAL.targetPct, 0.5, 50)
  if (!targetPct.ok) return targetPct
  const prompts = promptsOf(args.text('prompts'))
  if (!prompts.ok) return prompts
  const output = args.text('output')
  if (output !== null && !/\.(csv|html|json)$/i.test(output))
    return problem('badInput', `--output ends in .csv, .html or .json, not "${output}".`)
  const settings = (concurrency.value ?? [1]).flatMap((one) =>
    (contexts.value ?? [null]).map((contextTokens) => ({ concurrency: one, contextTokens })),
  )
  if (models.length * settings.length > MOST_CELLS)
    return problem(
      'badInput',
      `${models.length} models at ${settings.length} settings are more than ${MOST_CELLS} to measure.`,
    )
  const figures = { budgetMs: minutes.value * 60_000, targetRatio: targetPct.value / 100 }
  return ok({ models, settings, prompts: prompts.value, output, ...figures })
}

function wholes(args: Arguments, name: string, least: number, most: number): Result<number[] | null, 'badInput'> {
  const text = args.text(name)
  if (text === null) return ok(null)
  const parts = text.split(',').map((part) => part.trim())
  const isRight = parts.every((part) => /^\d{1,7}$/.test(part) && Number(part) >= least && Number(part) <= most)
  if (!isRight)
    return problem(
      'badInput',
      `--${name} is one or more whole numbers from ${least} to ${most}, as in 1,4; not "${text}".`,
    )
  return ok([...new Set(parts.map(Number))])
}

function number(args: Arguments, name: string, usual: number, least: number, most: number): Result<number, 'badInput'> {
  const text = args.text(name)
  if (text === null) return ok(usual)
  const value = Number(text)
  if (/^\d{1,5}(\.\d{1,3})?$/.test(text) && value >= least && value <= most) return ok(value)
  return problem('badInput', `--${name} is a number from ${least} to ${most}, not "${text}".`)
}

function promptsOf(file: string | null): Result<PromptSet, 'badInput'> {
  if (file === null) return ok(NEUTRAL_PROMPTS)
  let text: string
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return problem('badInput', `${file} is larger than 1 MB.`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return problem('badInput', `The prompt set ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
  const set = parsePromptSet(text, basename(file))
  return set.ok ? set : problem('badInput', set.reason)
}
