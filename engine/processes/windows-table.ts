import { splitCommandLine } from './command-line.ts'
import type { Matcher, Membership, Place, ProcessIdentity } from './identity.ts'
import { SELF } from './sampler.ts'
import type { SeenImage, SeenProcess } from './windows-answer.ts'

/** A living process, with what it did between the last two looks. */
export type WindowsProcess = {
  readonly pid: number
  /** Creation, ms since 1601: with the pid it names a process (`ProcessKey`). */
  readonly startTicks: number
  readonly name: string
  parentPid: number
  place: Place
  /** App of its parent, kept when the parent ends. */
  above: Membership | null
  member: Membership | null
  busyMs: number
  cycles: number
  busyDeltaMs: number
  cyclesDelta: number
}

export type WindowsTableOptions = {
  readonly matcher: Matcher
  readonly selfPids: () => readonly number[]
}

const MOST_CMDLINE = 4_096
/** Images asked for with one look. */
const MOST_ASKED = 500
/** Stands for the time in which no process runs. */
const IDLE_PID = 0

const OURS: Membership = { app: SELF, role: null, computes: null, holdsTerminal: false }

/** All processes of a Windows machine and the app that each belongs to. */
export class WindowsTable {
  readonly #options: WindowsTableOptions
  readonly #known = new Map<number, WindowsProcess>()
  /** Whose image is not known yet, by pid. */
  readonly #unidentified = new Set<number>()
  /** Something came that may change who belongs where. */
  #isUnsettled = false

  constructor(options: WindowsTableOptions) {
    this.#options = options
  }

  /** All living processes, by pid. */
  get processes(): ReadonlyMap<number, WindowsProcess> {
    return this.#known
  }

  /** Whose image the next look should bring. */
  wanted(): number[] {
    return [...this.#unidentified].slice(0, MOST_ASKED)
  }

  /** Takes in a look. A process that was in none before has started since: all that it did counts. */
  take(processes: readonly SeenProcess[], images: readonly SeenImage[]): void {
    const living = new Set<number>()
    for (const seen of processes) {
      if (seen.pid === IDLE_PID) continue
      living.add(seen.pid)
      const known = this.#known.get(seen.pid)
      if (known?.startTicks === seen.createdMs) note(known, seen)
      else this.#add(seen)
    }
    for (const pid of this.#known.keys()) if (!living.has(pid)) this.#forget(pid)
    for (const image of images) this.#identify(image)
    if (this.#isUnsettled) this.#settle()
  }

  /** Every process is recognised anew as its image comes again; until then it stays where it is. */
  lookAgain(): void {
    for (const pid of this.#known.keys()) this.#unidentified.add(pid)
  }

  #add(seen: SeenProcess): void {
    this.#known.set(seen.pid, {
      pid: seen.pid,
      startTicks: seen.createdMs,
      name: seen.name,
      parentPid: seen.parentPid,
      place: this.#placeOf(seen.pid, identityOf(seen.name, null, null)),
      above: null,
      member: null,
      busyMs: seen.busyMs,
      cycles: seen.cycles,
      busyDeltaMs: seen.busyMs,
      cyclesDelta: seen.cycles,
    })
    this.#unidentified.add(seen.pid)
    this.#isUnsettled = true
  }

  #forget(pid: number): void {
    this.#known.delete(pid)
    this.#unidentified.delete(pid)
  }

  #identify({ pid, path, commandLine }: SeenImage): void {
    const process = this.#known.get(pid)
    if (process === undefined || !this.#unidentified.delete(pid)) return
    process.place = this.#placeOf(pid, identityOf(process.name, path, commandLine))
    this.#isUnsettled = true
  }

  #placeOf(pid: number, identity: ProcessIdentity): Place {
    return this.#options.selfPids().includes(pid) ? isSelf : this.#options.matcher.recognise(identity)
  }

  /** Parents before children: one that is younger is no parent, its number was reused. */
  #settle(): void {
    this.#isUnsettled = false
    const byAge = [...this.#known.values()].sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid)
    for (const process of byAge) {
      const parent = this.#known.get(process.parentPid)
      if (parent !== undefined && parent !== process && parent.startTicks <= process.startTicks) {
        process.above = parent.member
      }
      process.member = process.place(process.above)
    }
  }
}

function note(process: WindowsProcess, seen: SeenProcess): void {
  process.busyDeltaMs = Math.max(0, seen.busyMs - process.busyMs)
  process.cyclesDelta = Math.max(0, seen.cycles - process.cycles)
  process.busyMs = seen.busyMs
  process.cycles = seen.cycles
}

/** Windows tells no working directory; a path that is told is absolute and cannot be given another title by the process itself. */
function identityOf(name: string, path: string | null, commandLine: string | null): ProcessIdentity {
  const words = commandLine === null ? [] : splitCommandLine(commandLine.slice(0, MOST_CMDLINE))
  const program = path ?? words[0] ?? null
  return {
    exe: path === null ? name || null : path.slice(path.lastIndexOf('\\') + 1),
    comm: name,
    argv0: program,
    cmdline: program === null ? '' : [program, ...words.slice(1)].join(' '),
    container: null,
    bundleId: null,
    cwd: null,
  }
}

function isSelf(): Membership {
  return OURS
}
