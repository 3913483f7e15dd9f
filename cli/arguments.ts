import { parseArgs } from 'node:util'
import { ok, problem, type Result } from '../contract/result.ts'
import type { Command, OptionSpec } from './command.ts'
import { nearest } from './nearest.ts'

/** What was typed, checked against the command's own tables. */
export class Arguments {
  readonly operands: readonly string[]
  readonly #values: ReadonlyMap<string, string | true>
  readonly #known: ReadonlySet<string>

  constructor(known: readonly OptionSpec[], values: ReadonlyMap<string, string | true>, operands: readonly string[]) {
    this.#known = new Set(known.map((option) => option.name))
    this.#values = values
    this.operands = operands
  }

  /** Whether a switch is on. */
  has(name: string): boolean {
    return this.#value(name) !== undefined
  }

  text(name: string): string | null {
    const value = this.#value(name)
    return typeof value === 'string' ? value : null
  }

  #value(name: string): string | true | undefined {
    if (!this.#known.has(name)) throw new Error(`--${name} was never declared`)
    return this.#values.get(name)
  }
}

type Token = ReturnType<typeof tokensOf>[number]

/** The name of the command: the first word that is neither an option nor the value of one; `null` where there is none. */
export function commandName(argv: readonly string[], everyOption: readonly OptionSpec[]): string | null {
  const first = tokensOf(argv, everyOption).find((token) => token.kind !== 'option')
  return first?.kind === 'positional' ? first.value : null
}

/** Checks a command line against the options and operands of its command. `argv` still holds the command's name. */
export function parseArguments(
  argv: readonly string[],
  command: Command,
  globals: readonly OptionSpec[],
): Result<Arguments, 'badInput'> {
  const options = [...globals, ...command.options]
  const { own, rest } = cutRest(argv, command, options)
  const values = new Map<string, string | true>()
  const operands: string[] = []
  for (const token of tokensOf(own, options)) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const checked = checkOption(token, options, command)
    if (!checked.ok) return checked
    values.set(checked.value.name, checked.value.value)
  }
  const args = new Arguments(options, values, [...operands.slice(1), ...rest])
  return args.has('help') ? ok(args) : checkOperands(args, command)
}

function tokensOf(argv: readonly string[], options: readonly OptionSpec[]) {
  const table = Object.fromEntries(
    options.map(({ name, short, value }) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  )
  return parseArgs({ args: [...argv], options: table, strict: false, allowPositionals: true, tokens: true }).tokens
}

/** Parts our own words from those of the program that the command line goes on with. */
function cutRest(
  argv: readonly string[],
  command: Command,
  options: readonly OptionSpec[],
): { own: readonly string[]; rest: readonly string[] } {
  if (command.operand?.isCommandLine !== true) return { own: argv, rest: [] }
  const [, start] = tokensOf(argv, options).filter((token) => token.kind !== 'option')
  if (start === undefined) return { own: argv, rest: [] }
  return {
    own: argv.slice(0, start.index),
    rest: argv.slice(start.index + (start.kind === 'option-terminator' ? 1 : 0)),
  }
}

function checkOption(
  token: Extract<Token, { kind: 'option' }>,
  options: readonly OptionSpec[],
  command: Command,
): Result<{ name: string; value: string | true }, 'badInput'> {
  const option = options.find((candidate) => candidate.name === token.name)
  if (option === undefined) return unknownOption(token.rawName, options, command)
  if (option.value === undefined)
    return token.value === undefined
      ? ok({ name: option.name, value: true })
      : problem('badInput', `--${option.name} is a switch and takes no value.`)
  const isMissing =
    token.value === undefined || token.value === '' || (!token.inlineValue && token.value.startsWith('--'))
  if (isMissing || token.value === undefined)
    return problem('badInput', `--${option.name} needs a value: --${option.name} ${option.value}.`)
  if (option.choices !== undefined && !option.choices.includes(token.value))
    return problem('badInput', `--${option.name} is one of ${option.choices.join(', ')}, not "${token.value}".`)
  return ok({ name: option.name, value: token.value })
}

function unknownOption(typed: string, options: readonly OptionSpec[], command: Command): Result<never, 'badInput'> {
  const near = nearest(
    typed,
    options.map((option) => `--${option.name}`),
  )
  const hint = near === null ? `See perwatt ${command.name} --help.` : `Did you mean ${near}?`
  return problem('badInput', `perwatt ${command.name} has no option ${typed}. ${hint}`)
}

function checkOperands(args: Arguments, command: Command): Result<Arguments, 'badInput'> {
  const { operand, name } = command
  const [first] = args.operands
  if (operand === undefined && first !== undefined)
    return problem('badInput', `perwatt ${name} takes no argument, but got "${first}".`)
  if (operand?.required === true && first === undefined)
    return problem('badInput', `perwatt ${name} needs ${operand.name}. See perwatt ${name} --help.`)
  const tooMany = operand?.isCommandLine === true ? undefined : args.operands[operand?.most ?? 1]
  if (tooMany !== undefined && operand?.most === undefined)
    return problem('badInput', `perwatt ${name} takes one ${operand?.name}, but also got "${tooMany}".`)
  if (tooMany !== undefined) return problem('badInput', `perwatt ${name} has no use for "${tooMany}".`)
  return ok(args)
}
