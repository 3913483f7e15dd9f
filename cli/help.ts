import type { Command, OptionSpec } from './command.ts'
import { EXIT_TEXTS } from './exit.ts'
import { globalOptions } from './options.ts'
import type { Terminal } from './terminal.ts'

const MAX_WIDTH = 100

/** What `perwatt` says about itself. */
export function overview(commands: readonly Command[], terminal: Terminal): string {
  const width = Math.max(...commands.map((command) => command.name.length))
  return [
    'Perwatt measures what the AI on this computer draws, and keeps the history.',
    '',
    head('Usage', terminal),
    '  perwatt COMMAND [OPTIONS]',
    '',
    head('Commands', terminal),
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    head('Start here', terminal),
    '  perwatt now                    what is drawn at this moment',
    '  perwatt doctor                 what can be measured here, and what mends the rest',
    '  perwatt run -- make -j8        what one command costs',
    '  perwatt COMMAND --help         more, with examples',
    '',
    ...optionBlock('Options of every command', globalOptions, terminal),
    '',
    ...exitBlock(terminal),
  ].join('\n')
}

export function commandHelp(command: Command, terminal: Terminal): string {
  const width = Math.min(terminal.columns, MAX_WIDTH)
  return [
    `perwatt ${command.name}: ${command.summary}`,
    '',
    head('Usage', terminal),
    `  ${usage(command)}`,
    ...command.about.flatMap((paragraph) => ['', ...wrapped(paragraph, width)]),
    ...(command.options.length > 0 ? ['', ...optionBlock('Options', command.options, terminal)] : []),
    '',
    ...optionBlock('Options of every command', globalOptions, terminal),
    '',
    head('Examples', terminal),
    ...command.examples.flatMap(({ line, output }) => [
      `  $ ${line}`,
      ...(output === undefined ? [] : output.split('\n').map((text) => terminal.tone('dim', `  ${text}`.trimEnd()))),
    ]),
    '',
    ...exitBlock(terminal, command.exitCodes),
  ].join('\n')
}

/** `perwatt run [OPTIONS] -- CMD [ARG …]` */
function usage({ name, operand }: Command): string {
  const base = `perwatt ${name} [OPTIONS]`
  if (operand === undefined) return base
  if (operand.isCommandLine === true) return `${base} -- ${operand.name}`
  return `${base} ${operand.required ? operand.name : `[${operand.name}]`}`
}

/** `--since WHEN`, `-q, --quiet` */
export function spelling({ name, short, value }: OptionSpec): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

function optionBlock(title: string, options: readonly OptionSpec[], terminal: Terminal): string[] {
  const width = Math.max(...options.map((option) => spelling(option).length))
  return [head(title, terminal), ...options.map((option) => `  ${spelling(option).padEnd(width)}  ${option.text}`)]
}

function exitBlock(terminal: Terminal, texts: Command['exitCodes'] = EVERYWHERE): string[] {
  const width = Math.max(...texts.map(([code]) => code.length))
  return [head('Exit codes', terminal), ...texts.map(([code, text]) => `  ${code.padEnd(width)}  ${text}`)]
}

const EVERYWHERE = EXIT_TEXTS.map(([code, text]) => [String(code), text] as const)

function head(text: string, terminal: Terminal): string {
  return terminal.tone('bold', text)
}

function wrapped(paragraph: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of paragraph.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
