import type { ProcessIdentity } from '../processes/identity.ts'

export type Platform = 'linux' | 'darwin' | 'win32'
export type Interpreter = 'python' | 'node' | 'java' | 'dotnet' | 'shell' | 'other' | 'none'

/** What a process runs: the executable, or what an interpreter was given to run. */
export type Program = {
  /** Names by which it is known; on Windows in lower case and without `.exe`. */
  readonly names: readonly string[]
  /** The kernel's cut name where nothing better can be read; a longer name may begin with it. */
  readonly cutName: string | null
  /** Its path with `/`, as far as command line and working directory tell; with a module, that of the interpreter. */
  readonly path: string
  /** Dotted name behind Python's `-m`. */
  readonly module: string | null
  /** What follows the program, so never an interpreter's options; '' where there is nothing. */
  readonly args: string
  readonly interpreter: Interpreter
  /** A script's own basename, `null` where the process runs a program of its own. */
  readonly script: string | null
  /** A shell that was given neither a script nor a command: somebody's terminal. */
  readonly isTerminalShell: boolean
}

const maxCommandLine = 4096
/** `TASK_COMM_LEN` of the kernel is 16 with the closing zero. */
const commLength = 15

export function readProgram(identity: ProcessIdentity, platform: Platform): Program {
  const cmdline = identity.cmdline.slice(0, maxCommandLine)
  const head = headOf(identity.argv0 ?? cmdline.split(' ', 1)[0] ?? '')
  const exe = identity.exe === null ? null : identity.exe.replace(/ \(deleted\)$/, '')
  const own = baseName(head).replace(/^-/, '')
  const names = [exe, own, exe === null ? identity.comm : null].flatMap((name) => normalName(name ?? '', platform))
  const rest = cmdline.startsWith(head) ? cmdline.slice(head.length).trimStart() : afterFirstBlank(cmdline)
  const shared = {
    names,
    cutName: exe === null && identity.comm.length === commLength ? identity.comm : null,
    path: placed(head === '' ? (exe ?? identity.comm) : head, head.includes('/') ? identity.cwd : null, platform),
    module: null,
    args: rest,
    interpreter: interpreterOf(exe) ?? interpreterOf(own) ?? 'none',
    script: null,
    isTerminalShell: false,
  } satisfies Program
  // A process that gave itself a title (VLLM::EngineCore) says with it what it runs; its options are gone.
  if (shared.interpreter === 'none' || (own !== '' && interpreterOf(own) === null)) return shared

  const launch = readLaunch(shared.interpreter, rest)
  if (launch.kind === 'module') return { ...shared, module: launch.name, args: launch.args }
  if (launch.kind === 'nothing') return { ...shared, isTerminalShell: shared.interpreter === 'shell' }
  if (launch.kind === 'inline') return { ...shared, args: '' }
  const script = normalName(baseName(launch.path), platform)[0] ?? ''
  return {
    ...shared,
    names: [script, ...names],
    path: placed(launch.path, identity.cwd, platform),
    args: launch.args,
    script,
  }
}

/** The program's own path at the start of argv[0], which a process may have replaced by a title with blanks. */
function headOf(argv0: string): string {
  if (!argv0.includes(' ')) return argv0
  if (/^(?:\/|[A-Za-z]:\\)/.test(argv0)) return argv0.split(/ -{1,2}\w| [/]/, 1)[0] ?? ''
  return (argv0.split(' ', 1)[0] ?? '').replace(/:$/, '')
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

function normalName(name: string, platform: Platform): string[] {
  if (name === '') return []
  return [platform === 'win32' ? name.toLowerCase().replace(/\.exe$/, '') : name]
}

function afterFirstBlank(text: string): string {
  const blank = text.indexOf(' ')
  return blank < 0 ? '' : text.slice(blank + 1)
}

/** An absolute path where the working directory tells it, with `/`; its end where it is very long. */
function placed(path: string, cwd: string | null, platform: Platform): string {
  const isAbsolute = /^(?:[/\\]|[A-Za-z]:)/.test(path)
  const whole = isAbsolute || cwd === null ? path : `${cwd}/${path.replace(/^\.[/\\]/, '')}`
  return (platform === 'win32' ? whole.replaceAll('\\', '/') : whole).slice(-512)
}

const interpreters: readonly [RegExp, Interpreter][] = [
  [/^(?:python|pypy)w?[\d.]*t?$/i, 'python'],
  [/^(?:node|nodejs|bun|deno)$/i, 'node'],
  [/^(?:ba|da|z|k|a|tc|c|fi|rba|yash|xon)?sh$|^(?:nu|elvish|pwsh)$/, 'shell'],
  [/^java$/i, 'java'],
  [/^(?:dotnet|mono)$/i, 'dotnet'],
  [/^(?:ruby|perl|php|lua|guile|Rscript|julia)[\d.]*$/, 'other'],
]

/** What a program of this name runs scripts of; `null` where it runs itself. */
export function interpreterOf(name: string | null): Interpreter | null {
  if (name === null || name === '') return null
  const bare = name.replace(/\.exe$/i, '')
  return interpreters.find(([pattern]) => pattern.test(bare))?.[1] ?? null
}

type Launch =
  | { readonly kind: 'script'; readonly path: string; readonly args: string }
  | { readonly kind: 'module'; readonly name: string; readonly args: string }
  /** Code on the command line itself, which is nobody's name. */
  | { readonly kind: 'inline' }
  | { readonly kind: 'nothing' }

/** Options that take the next argument as their value, by interpreter. */
const valued: Readonly<Record<Exclude<Interpreter, 'none'>, RegExp>> = {
  python: /^-[bBdEhiIOPqsSuvx]*[WX]$|^--check-hash-based-pycs$/,
  node: /^(?:-r|--require|--import|--loader|--experimental-loader|-C|--conditions|-c|--config)$/,
  java: /^(?:-cp|-classpath|--class-path|-p|--module-path|--add-modules|--add-opens|--add-exports|--add-reads)$/,
  dotnet: /^(?:--roll-forward|--additionalprobingpath|--depsfile|--runtimeconfig|--fx-version)$/,
  shell: /^(?:[-+][oO]|--rcfile|--init-file|--init-command)$/,
  other: /^-[IRr]$/,
}
const inline: Readonly<Record<Exclude<Interpreter, 'none'>, RegExp>> = {
  python: /^-[bBdEhiIOPqsSuvx]*c/,
  node: /^(?:-e|-p|-pe|--eval|--print|eval|repl)$/,
  java: /^--version$/,
  dotnet: /^--(?:version|info)$/,
  shell: /^-[a-zA-Z]*c$/,
  other: /^-[a-zA-Z]*[eE]$/,
}
/** Words of the interpreter itself that stand before the script. */
const verbs = /^(?:run|exec|x|serve|task)$/

function readLaunch(interpreter: Exclude<Interpreter, 'none'>, args: string): Launch {
  let at = 0
  while (at < args.length) {
    const [word, next] = wordAt(args, at)
    const module = moduleOption(interpreter, word)
    if (module !== null) return readModule(module, args, next)
    if (inline[interpreter].test(word)) return { kind: 'inline' }
    if (interpreter === 'java' && word === '-jar') at = next
    else if (valued[interpreter].test(word)) at = wordAt(args, next)[1]
    else if (word === '' || /^[-+]./.test(word)) at = next
    else if ((interpreter === 'node' || interpreter === 'dotnet') && verbs.test(word)) at = next
    else return { kind: 'script', path: word, args: args.slice(next) }
  }
  return { kind: 'nothing' }
}

/** What is attached to Python's `-m` (usually nothing: the name is the next word), `null` where the word is no `-m`. */
function moduleOption(interpreter: Interpreter, word: string): string | null {
  return interpreter === 'python' ? (/^-[bBdEhiIOPqsSuvx]*m(.*)$/.exec(word)?.[1] ?? null) : null
}

function readModule(attached: string, args: string, next: number): Launch {
  if (attached !== '') return { kind: 'module', name: attached, args: args.slice(next) }
  const [name, after] = wordAt(args, next)
  return name === '' ? { kind: 'nothing' } : { kind: 'module', name, args: args.slice(after) }
}

function wordAt(text: string, at: number): [word: string, next: number] {
  const blank = text.indexOf(' ', at)
  return blank < 0 ? [text.slice(at), text.length] : [text.slice(at, blank), blank + 1]
}
