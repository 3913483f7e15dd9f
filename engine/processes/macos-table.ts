import { owe } from './children.ts'
import type { Matcher, Membership, ProcessIdentity } from './identity.ts'
import type { DescribedProcess, ProcessUsage } from './macos-look.ts'
import { newProcess, type Process } from './process.ts'
import { SELF } from './sampler.ts'

/** Perwatt's own processes, with what they start. */
const OURS: Membership = { app: SELF, role: null, computes: null, holdsTerminal: false }

/** A new process may run another program soon after (fork, then exec): it is described again at these ages. */
const DESCRIBE_AGAIN_MS = [1_000, 10_000] as const

/** Ticks are Mach ticks. */
export type MacProcess = Omit<Process, 'startTicks'> & {
  /** 0 until its times were read. */
  startTicks: number
  readonly uniqueId: string
  readonly parentId: string
  /** Of its program: "ollama". */
  name: string
  /** When it is described again. */
  dueMs: number[]
  image: string | null
  energyNj: number | null
  energyDeltaNj: number | null
  /** Its times are another user's and denied to us. */
  isDenied: boolean
}

export type MacTableOptions = { readonly matcher: Matcher; readonly selfPids: () => readonly number[] }

/** Every living process, and apart those that belong to an app. A process is known by its unique id, so that no number is reused. */
export class MacTable {
  readonly tracked = new Set<MacProcess>()
  readonly #options: MacTableOptions
  readonly #byId = new Map<string, MacProcess>()
  readonly #byPid = new Map<number, MacProcess>()

  constructor(options: MacTableOptions) {
    this.#options = options
  }

  get(pid: number): MacProcess | undefined {
    return this.#byPid.get(pid)
  }

  pids(): number[] {
    return [...this.#byPid.keys()]
  }

  /** Processes as they were described, new ones or known ones anew. `hasJustStarted`: what they did was done in this interval. */
  see(described: readonly DescribedProcess[], nowMs: number, hasJustStarted: boolean): void {
    // A parent's id is smaller, so that it is settled before its children.
    const inOrder = described.toSorted((a, b) => (BigInt(a.uniqueId) < BigInt(b.uniqueId) ? -1 : 1))
    for (const each of inOrder) {
      if (each.isZombie) continue
      const known = this.#byId.get(each.uniqueId)
      if (known === undefined) this.#add(each, nowMs, hasJustStarted)
      else {
        known.place = this.#placeOf(each)
        known.name = nameOf(each)
        this.#settle(known)
      }
    }
  }

  /** Only these are left. */
  keepOnly(pids: ReadonlySet<number>): void {
    this.forget(this.pids().filter((pid) => !pids.has(pid)))
  }

  /** Have ended: their last seen totals come back in the children times of whoever waits for them, and were booked already. */
  forget(pids: readonly number[]): void {
    const gone = pids.flatMap((pid) => this.#byPid.get(pid) ?? [])
    for (const process of gone) process.isGone = true
    for (const process of gone) {
      const reaper = this.tracked.has(process) ? this.#reaperOf(process) : null
      if (reaper !== null) owe(reaper, process)
    }
    for (const process of gone) {
      this.tracked.delete(process)
      this.#byId.delete(process.uniqueId)
      if (this.#byPid.get(process.pid) === process) this.#byPid.delete(process.pid)
    }
  }

  /** Of processes that are young, or whose image changed. */
  dueAt(nowMs: number): number[] {
    const due: number[] = []
    for (const process of this.#byPid.values()) {
      if ((process.dueMs[0] ?? Number.POSITIVE_INFINITY) > nowMs) continue
      process.dueMs = process.dueMs.filter((dueMs) => dueMs > nowMs)
      due.push(process.pid)
    }
    return due
  }

  /** Takes note of another image, so that the process is described anew. */
  noteImage(process: MacProcess, { image }: ProcessUsage, nowMs: number): void {
    if (process.image !== null && process.image !== image) process.dueMs.unshift(nowMs)
    process.image = image
  }

  #add(described: DescribedProcess, nowMs: number, hasJustStarted: boolean): void {
    const { pid, uniqueId, parentId, ppid } = described
    // The number was given out anew between two looks.
    if (this.#byPid.has(pid)) this.forget([pid])
    const process: MacProcess = {
      ...newProcess(pid, 0, 'alive'),
      ppid,
      uniqueId,
      parentId,
      name: nameOf(described),
      place: this.#placeOf(described),
      above: this.#byId.get(parentId)?.member ?? null,
      needsBase: !hasJustStarted,
      dueMs: hasJustStarted ? DESCRIBE_AGAIN_MS.map((ageMs) => nowMs + ageMs) : [],
      image: null,
      energyNj: null,
      energyDeltaNj: null,
      isDenied: false,
    }
    this.#byId.set(uniqueId, process)
    this.#byPid.set(pid, process)
    this.#settle(process)
  }

  #placeOf(described: DescribedProcess): Process['place'] {
    if (this.#options.selfPids().includes(described.pid)) return () => OURS
    return this.#options.matcher.recognise(identityOf(described))
  }

  /** Finds its app anew and hands a change on to all below it. */
  #settle(process: MacProcess): void {
    const before = process.member
    const member = process.place(process.above)
    process.member = member
    if (member === null) this.tracked.delete(process)
    else if (!this.tracked.has(process)) {
      this.tracked.add(process)
      // What it did before it belonged to an app is nobody's now.
      if (process.image !== null) process.needsBase = true
    }
    if (member?.app === before?.app && member?.holdsTerminal === before?.holdsTerminal) return
    for (const child of this.#byId.values()) {
      if (child.parentId !== process.uniqueId || child.above === member) continue
      child.above = member
      this.#settle(child)
    }
  }

  #reaperOf(process: MacProcess): MacProcess | null {
    let reaper = this.#byId.get(process.parentId)
    for (let steps = 0; reaper?.isGone === true && steps < 64; steps++) reaper = this.#byId.get(reaper.parentId)
    return reaper !== undefined && this.tracked.has(reaper) ? reaper : null
  }
}

function nameOf({ path, comm }: DescribedProcess): string {
  return path === null ? comm : path.slice(path.lastIndexOf('/') + 1)
}

export function identityOf(described: DescribedProcess): ProcessIdentity {
  const { path, comm, bundleId, workingDirectory } = described
  const words = placedWords(described)
  return {
    exe: path === null ? null : path.slice(path.lastIndexOf('/') + 1),
    comm,
    argv0: words.length === 0 ? path : (words[0] ?? null),
    cmdline: (words.length === 0 ? (path ?? '') : words.join(' ')).slice(0, 4_096),
    container: null,
    bundleId,
    cwd: workingDirectory,
  }
}

/** A program that was started by its bare name is told by the path that the kernel knows; a title that it gave itself stays. */
function placedWords({ words, path }: DescribedProcess): readonly string[] {
  const [first, ...rest] = words
  return first !== undefined && path?.endsWith(`/${first}`) ? [path, ...rest] : words
}
