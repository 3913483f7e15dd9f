import { problem } from '../../contract/result.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { commandHelp, overview } from '../help.ts'
import { nearest } from '../nearest.ts'

export const help: Command = {
  name: 'help',
  summary: 'this text, or the help of one command',
  about: ['perwatt help COMMAND is the same as perwatt COMMAND --help.'],
  options: [],
  operand: { name: 'COMMAND', required: false },
  examples: [{ line: 'perwatt help run' }],
  async run({ args, terminal, commands }) {
    const [name] = args.operands
    if (name === undefined) {
      terminal.print(overview(commands, terminal))
      return EXIT.done
    }
    const command = commands.find((candidate) => candidate.name === name)
    if (command === undefined) {
      terminal.complain(unknownCommand(name, commands))
      return EXIT.usage
    }
    terminal.print(commandHelp(command, terminal))
    return EXIT.done
  },
}

export function unknownCommand(typed: string, commands: readonly Command[]) {
  const near = nearest(
    typed,
    commands.map((command) => command.name),
  )
  const hint = near === null ? 'perwatt help lists them.' : `Did you mean perwatt ${near}?`
  return problem('badInput', `There is no command "${typed}". ${hint}`)
}
