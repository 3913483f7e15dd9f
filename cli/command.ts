import type { Arguments } from './arguments.ts'
import type { ExitCode } from './exit.ts'
import type { Terminal } from './terminal.ts'

/** One option, of which parsing, help and completion are made. */
export type OptionSpec = {
  /** As typed, without the dashes: `data-dir`. */
  readonly name: string
  readonly short?: string
  /** What stands for its value in help; absent where it is a switch. */
  readonly value?: string
  readonly choices?: readonly string[]
  readonly completes?: 'file' | 'directory'
  readonly text: string
}

export type OperandSpec = {
  readonly name: string
  readonly required: boolean
  /** How many words it may be (1). */
  readonly most?: number
  /** Everything from here on belongs to another program, whatever it looks like. */
  readonly isCommandLine?: boolean
  readonly choices?: () => readonly string[]
  readonly completes?: 'file'
}

export type Example = { readonly line: string; readonly output?: string }

/** What a command is given. */
export type Context = {
  readonly args: Arguments
  readonly terminal: Terminal
  /** Absolute. */
  readonly dataDir: string
  /** URL of the file that was started: what belongs to the program lies relative to it. */
  readonly entry: string
  /** All of them, for those that speak about the others. */
  readonly commands: readonly Command[]
}

/** One file, one line in registry.ts. */
export type Command = {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Paragraphs for its own help. */
  readonly about: readonly string[]
  readonly options: readonly OptionSpec[]
  readonly operand?: OperandSpec
  readonly examples: readonly Example[]
  /** Exit codes that mean something else here than everywhere; in words. */
  readonly exitCodes?: readonly (readonly [string, string])[]
  /** `run` passes on the exit code of another program, so any number may come back. */
  run(context: Context): Promise<ExitCode | number>
}
