import type { Command } from '../command.ts'
import { completionScript, SHELLS } from '../completions.ts'
import { EXIT } from '../exit.ts'
import { nearest } from '../nearest.ts'

export const completions: Command = {
  name: 'completions',
  summary: 'a completion script for bash, zsh or fish',
  about: ['Prints a script that completes commands, options and their values.'],
  options: [],
  operand: { name: 'SHELL', required: true, choices: () => SHELLS },
  examples: [
    { line: 'eval "$(perwatt completions bash)"      # in ~/.bashrc' },
    { line: 'eval "$(perwatt completions zsh)"       # in ~/.zshrc, after compinit' },
    { line: 'perwatt completions fish > ~/.config/fish/completions/perwatt.fish' },
  ],
  async run({ args, terminal, commands }) {
    const typed = args.operands[0] ?? ''
    const shell = SHELLS.find((candidate) => candidate === typed)
    if (shell === undefined) {
      const near = nearest(typed, SHELLS)
      const hint = near === null ? `There is ${SHELLS.join(', ')}.` : `Did you mean ${near}?`
      terminal.complain({
        ok: false,
        code: 'badInput',
        reason: `There is no completion for "${typed}". ${hint}`,
        remedy: null,
      })
      return EXIT.usage
    }
    terminal.print(completionScript(shell, commands))
    return EXIT.done
  },
}
