/** What is expected to fail is a value and says how to mend it; what is a bug is thrown. */
export type Ok<T> = { readonly ok: true; readonly value: T }

/** The click or command that mends a problem. `asRoot` commands are shown, never run by Perwatt. */
export type Remedy =
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly asRoot: boolean; readonly note?: string }
  | { readonly kind: 'setting'; readonly path: string; readonly note?: string }

export type Problem<Code extends string = string> = {
  readonly ok: false
  readonly code: Code
  /** One or two sentences for a person: what happened, and what still works. */
  readonly reason: string
  readonly remedy: Remedy | null
}

export type Result<T, Code extends string = string> = Ok<T> | Problem<Code>

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value }
}

export function problem<Code extends string>(code: Code, reason: string, remedy: Remedy | null = null): Problem<Code> {
  return { ok: false, code, reason, remedy }
}

/** A remedy as one line that can be pasted into a terminal; arguments are quoted for a POSIX shell. */
export function remedyText(remedy: Remedy): string {
  if (remedy.kind === 'setting') return `Settings › ${remedy.path}`
  const line = remedy.argv.map(quoteForShell).join(' ')
  return remedy.asRoot ? `sudo ${line}` : line
}

function quoteForShell(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`
}
