import type { Command, OptionSpec } from './command.ts'
import { globalOptions } from './options.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** A completion script, made of the same tables as parsing and help, so that it cannot fall behind. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash, zsh, fish }[shell](commands)
}

function optionsOf(command: Command): readonly OptionSpec[] {
  return [...command.options, ...globalOptions]
}

function flagsOf(options: readonly OptionSpec[]): string[] {
  return options.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])])
}

/** Every option that any command knows, once: a name means the same everywhere (tested). */
function everyOption(commands: readonly Command[]): OptionSpec[] {
  return [
    ...new Map([...globalOptions, ...commands.flatMap(({ options }) => options)].map((o) => [o.name, o])).values(),
  ]
}

function bash(commands: readonly Command[]): string {
  const valueCases = everyOption(commands).flatMap((option) => {
    if (option.value === undefined) return []
    const answer =
      option.choices !== undefined
        ? `COMPREPLY=($(compgen -W '${option.choices.join(' ')}' -- "$cur"))`
        : option.completes === undefined
          ? 'COMPREPLY=()'
          : `COMPREPLY=($(compgen -${option.completes === 'file' ? 'f' : 'd'} -- "$cur"))`
    return [`    --${option.name}) ${answer}; return ;;`]
  })
  const commandCases = commands.flatMap((command) => [
    `    ${command.name}) words='${[...flagsOf(optionsOf(command)), ...operandWords(command)].join(' ')}' ;;`,
  ])
  const fileCommands = commands.filter(({ operand }) => operand?.completes === 'file').map(({ name }) => name)
  const rest = commands.filter(({ operand }) => operand?.isCommandLine === true).map(({ name }) => name)
  return `# bash completion of perwatt; in ~/.bashrc: eval "$(perwatt completions bash)"
_perwatt() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= words= word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
${commands.map(({ name }) => `      ${name}) [[ -n $command ]] || command=${name} ;;`).join('\n')}
      --) [[ $command != @(${rest.join('|')}) ]] || { COMPREPLY=($(compgen -c -f -- "$cur")); return; } ;;
    esac
  done
  case $prev in
${valueCases.join('\n')}
  esac
  case $command in
${commandCases.join('\n')}
    *) words='${[...commands.map(({ name }) => name), ...flagsOf(globalOptions)].join(' ')}' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ $command != @(${fileCommands.join('|')}) ]] || COMPREPLY+=($(compgen -f -- "$cur"))
}
complete -o filenames -F _perwatt perwatt
`
}

function operandWords(command: Command): readonly string[] {
  return command.operand?.choices?.() ?? []
}

function zsh(commands: readonly Command[]): string {
  const specs = (options: readonly OptionSpec[]) => options.map((option) => `    ${zshSpec(option)}`).join(' \\\n')
  const cases = commands.map((command) => {
    const operand = zshOperand(command)
    return `  ${command.name})\n    _arguments -s -S : \\\n${specs(optionsOf(command))}${operand === null ? '' : ` \\\n    ${operand}`}\n    ;;`
  })
  return `#compdef perwatt
# zsh completion of perwatt; in ~/.zshrc after compinit: eval "$(perwatt completions zsh)"
_perwatt() {
  local -a names
  names=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  local curcontext=$curcontext state line
  _arguments -C -s : \\
${specs(globalOptions)} \\
    '1: :->command' '*:: :->rest'
  case $state in
  command) _describe -t commands command names; return ;;
  esac
  case $line[1] in
${cases.join('\n')}
  esac
}
compdef _perwatt perwatt
`
}

function zshSpec(option: OptionSpec): string {
  const text = option.text.replace(/[[\]:]/g, '\\$&')
  const value = option.value === undefined ? '' : `:${option.value}:${zshValue(option)}`
  const flag = option.short === undefined ? [`--${option.name}`] : [`-${option.short}`, `--${option.name}`]
  return flag.map((name) => quoted(`${name}[${text}]${value}`)).join(' ')
}

function zshValue({ choices, completes }: OptionSpec): string {
  if (choices !== undefined) return `(${choices.join(' ')})`
  if (completes === undefined) return ''
  return completes === 'file' ? '_files' : '_files -/'
}

function zshOperand({ operand }: Command): string | null {
  if (operand === undefined) return null
  if (operand.isCommandLine === true) return `${quoted('(-)1:command: _command_names -e')} ${quoted('*:: : _normal')}`
  const choices = operand.choices?.() ?? []
  return quoted(`1:${operand.name}:${operand.completes === 'file' ? '_files' : `(${choices.join(' ')})`}`)
}

function fish(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const lines = [
    '# fish completion of perwatt; perwatt completions fish > ~/.config/fish/completions/perwatt.fish',
    'complete -c perwatt -f',
    ...commands.map(
      ({ name, summary }) =>
        `complete -c perwatt -n 'not __fish_seen_subcommand_from ${names}' -a ${name} -d ${fishQuoted(summary)}`,
    ),
    ...globalOptions.map((option) => `complete -c perwatt ${fishOption(option)}`),
    ...commands.flatMap((command) => [
      ...command.options.map((option) => `complete -c perwatt -n ${seen(command)} ${fishOption(option)}`),
      ...operandWords(command).map((word) => `complete -c perwatt -n ${seen(command)} -a ${word}`),
      ...(command.operand?.completes === 'file' ? [`complete -c perwatt -n ${seen(command)} -F`] : []),
      ...(command.operand?.isCommandLine === true
        ? [`complete -c perwatt -n ${seen(command)} -xa '(__fish_complete_subcommand --fcs-skip=2)'`]
        : []),
    ]),
  ]
  return `${lines.join('\n')}\n`
}

function seen({ name }: Command): string {
  return `'__fish_seen_subcommand_from ${name}'`
}

function fishOption({ name, short, value, choices, completes, text }: OptionSpec): string {
  const argument =
    value === undefined
      ? ''
      : choices !== undefined
        ? ` -x -a ${fishQuoted(choices.join(' '))}`
        : completes === undefined
          ? ' -x'
          : ' -r -F'
  return `${short === undefined ? '' : `-s ${short} `}-l ${name}${argument} -d ${fishQuoted(text)}`
}

/** For bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
