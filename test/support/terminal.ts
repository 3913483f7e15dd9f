import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const ENTRY = join(import.meta.dirname, '..', '..', 'cli', 'index.ts')

export type InTerminal = {
  /** Everything that the terminal was sent so far, escape sequences included. */
  output(): string
  type(keys: string): void
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
}

/** The real command in a terminal of its own, made by script(1) of util-linux, which every Linux distribution has. */
export function inTerminal(args: readonly string[], env: Record<string, string> = {}): InTerminal {
  const line = [process.execPath, ENTRY, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const child = spawn('script', ['-q', '-e', '-f', '-c', `stty rows 24 columns 80; exec ${line}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: '', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece) => {
    text += piece
  })
  return {
    output: () => text,
    type: (keys) => void child.stdin.write(keys),
    child,
    ended: new Promise((resolve) => child.once('close', (code) => resolve(code))),
  }
}
