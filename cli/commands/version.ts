import type { Command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { VERSION } from '../version.ts'

export const version: Command = {
  name: 'version',
  summary: 'the version of this command',
  about: ['A running engine may be of another version: perwatt doctor shows it.'],
  options: [],
  examples: [{ line: 'perwatt version' }],
  async run({ args, terminal }) {
    if (args.has('json'))
      terminal.printJson({ schema: 'perwatt.version/1', version: VERSION, node: process.versions.node })
    else terminal.print(VERSION)
    return EXIT.done
  },
}
