import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { defaultDataDir } from '../contract/data-dir.ts'
import { type Arguments, commandName, parseArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { help, unknownCommand } from './commands/help.ts'
import { version } from './commands/version.ts'
import { EXIT } from './exit.ts'
import { commandHelp, overview } from './help.ts'
import { globalOptions } from './options.ts'
import { Terminal } from './terminal.ts'

/** Runs one command line; resolves with the exit code. */
export async function main(argv: readonly string[], commands: readonly Command[], entry: string): Promise<number> {
  const everyOption = [...globalOptions, ...commands.flatMap((command) => command.options)]
  const name = commandName(argv, everyOption)
  const command = name === null ? unnamedCommand(argv) : commands.find((candidate) => candidate.name === name)
  const plain = new Terminal({ quiet: false, verbose: false })
  if (command === undefined) {
    plain.complain(unknownCommand(name ?? '', commands))
    return EXIT.usage
  }
  const parsed = parseArguments(name === null ? [command.name, ...argv] : argv, command, globalOptions)
  if (!parsed.ok) {
    plain.complain(parsed)
    return EXIT.usage
  }
  const args = parsed.value
  const terminal = new Terminal({ quiet: args.has('quiet'), verbose: args.has('verbose') })
  if (args.has('help')) {
    terminal.print(name === null ? overview(commands, terminal) : commandHelp(command, terminal))
    return EXIT.done
  }
  return command.run({ args, terminal, dataDir: dataDirOf(args), entry, commands })
}

/** `perwatt --version`; `perwatt --help` and `perwatt` alone say what there is. */
function unnamedCommand(argv: readonly string[]): Command {
  return argv.includes('--version') ? version : help
}

function dataDirOf(args: Arguments): string {
  const chosen = args.text('data-dir')
  if (chosen !== null) return resolve(chosen)
  return defaultDataDir({ env: process.env, platform: process.platform, home: homedir() })
}
