import type { AgentFiles, FileLook } from '../host/agent-files.ts'
import type { FoundFile, LogFormat, Place } from './agent-log.ts'

/** A log, with what it is read as. */
export type FoundLog = Omit<FoundFile, 'modifiedMs' | 'isFirstRead'> & {
  readonly format: LogFormat
  readonly app: string | null
  /** Its place's rank: earlier places are read first. */
  readonly rank: number
  look: FileLook
}

type Folder = {
  readonly place: Place
  readonly rank: number
  readonly path: string
  readonly names: readonly string[]
  modifiedMs: number
}

/** What was written to within this time is looked at every time; the rest of years of logs only at a full look. */
const WARM_MS = 2 * 86_400_000
const MOST_FILES = 20_000
const MOST_FOLDERS = 20_000
const LOOKS_AT_ONCE = 32

/**
 * The log files below an agent's places. A full look goes through all of them, a quick one through what was lately written to: the time of a folder
 * changes with its names, that of a file with its content. Links are followed, each folder and file once.
 */
export class LogTree {
  readonly #files: AgentFiles
  readonly #logs = new Map<string, FoundLog>()
  readonly #folders = new Map<string, Folder>()
  #looks = 0
  /** Something could not be looked at: then what was not seen may still be there. */
  #isPartial = false

  constructor(files: AgentFiles) {
    this.#files = files
  }

  get logs(): ReadonlyMap<string, FoundLog> {
    return this.#logs
  }

  get isPartial(): boolean {
    return this.#isPartial
  }

  *fullLook(places: readonly Place[]): Generator<void> {
    this.#logs.clear()
    this.#folders.clear()
    this.#isPartial = false
    for (const [rank, place] of places.entries())
      yield* this.#enter({ place, rank, path: place.path, names: [], modifiedMs: 0 })
  }

  *quickLook(nowMs: number): Generator<void> {
    for (const [id, folder] of [...this.#folders]) {
      if (folder.names.length > 1 && nowMs - folder.modifiedMs > WARM_MS) continue
      const look = this.#files.look(folder.path)
      if (look.ok && look.value.id === id && look.value.modifiedMs !== folder.modifiedMs) {
        folder.modifiedMs = look.value.modifiedMs
        yield* this.#list(folder)
      }
      if (this.#isTimeToYield()) yield
    }
    for (const log of [...this.#logs.values()]) {
      // A store is written to beside its file, too, whose own time then stands still.
      if (log.format.kind !== 'store' && nowMs - log.look.modifiedMs > WARM_MS) continue
      yield* this.#enter({
        ...log,
        place: { path: log.path, depth: 0, format: () => log.format, ...appOf(log) },
        modifiedMs: 0,
      })
    }
  }

  *#enter(folder: Folder): Generator<void> {
    const look = this.#files.look(folder.path)
    if (this.#isTimeToYield()) yield
    if (!look.ok) {
      if (look.code !== 'absent') this.#isPartial = true
      return
    }
    if (look.value.kind === 'file') return this.#take(folder, look.value)
    if (folder.names.length > folder.place.depth || folder.place.depth === 0) return
    if (this.#folders.has(look.value.id) || this.#folders.size >= MOST_FOLDERS) return
    const entered = { ...folder, modifiedMs: look.value.modifiedMs }
    this.#folders.set(look.value.id, entered)
    yield* this.#list(entered)
  }

  *#list(folder: Folder): Generator<void> {
    const names = this.#files.list(folder.path)
    if (!names.ok) {
      if (names.code !== 'absent') this.#isPartial = true
      return
    }
    for (const name of names.value) {
      const below = [...folder.names, name]
      const { place } = folder
      const isLog = place.format(below) !== null
      // Without asking what it is: a name that no log has can only be a folder, and below the deepest one none is looked into.
      if (!isLog && (below.length > place.depth || place.skips?.(below) === true)) continue
      yield* this.#enter({ ...folder, path: `${folder.path}/${name}`, names: below })
    }
  }

  #take({ place, rank, path, names }: Folder, look: FileLook): void {
    const format = place.format(names)
    if (format === null) return
    const known = this.#logs.get(look.id)
    const newest = format.kind === 'store' ? this.#withJournal(path, look) : look
    if (known !== undefined && known.path === path) known.look = newest
    else if (known === undefined || !this.#isStillAt(known))
      if (this.#logs.size < MOST_FILES)
        this.#logs.set(look.id, { path, names, format, app: place.app ?? null, rank, look: newest })
  }

  /** Found under two names, or moved since. */
  #isStillAt(log: FoundLog): boolean {
    const look = this.#files.look(log.path)
    return look.ok && look.value.id === log.look.id
  }

  /** What is written to a store goes to its journal first. */
  #withJournal(path: string, look: FileLook): FileLook {
    const journal = this.#files.look(`${path}-wal`)
    if (!journal.ok) return look
    const { sizeBytes, modifiedMs } = journal.value
    return { ...look, sizeBytes: look.sizeBytes + sizeBytes, modifiedMs: Math.max(look.modifiedMs, modifiedMs) }
  }

  #isTimeToYield(): boolean {
    this.#looks++
    return this.#looks % LOOKS_AT_ONCE === 0
  }
}

function appOf({ app }: FoundLog): { app?: string } {
  return app === null ? {} : { app }
}
