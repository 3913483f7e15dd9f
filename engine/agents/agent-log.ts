import type { AgentFiles, UserStore } from '../host/agent-files.ts'
import type { Amounts } from './counted.ts'
import type { Tokens } from './usage-record.ts'

/** A user's home as the readers look for logs in it. */
export type AgentMachine = {
  readonly files: AgentFiles
  readonly platform: 'linux' | 'darwin' | 'win32'
  /** Absolute, without a slash at its end. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A file of a place, on its way to be read. */
export type FoundFile = {
  readonly path: string
  /** Names below the place, the file's own last; empty where the place is the file. */
  readonly names: readonly string[]
  readonly modifiedMs: number
  /** Read for the first time, or from its beginning again. */
  readonly isFirstRead: boolean
}

/** What one line, message or row says was used. Readers say it as often as they read it: it is counted once by its key. */
export type Sighting = Tokens & {
  /** What makes it this request and no other, in whichever file it stands; of two sightings the larger figures count. */
  readonly key: readonly string[]
  readonly atMs: number | null
  /** For totals that grow under one key: when a later rise is booked. */
  readonly laterAtMs?: number
  readonly isTimeEstimate?: boolean
  readonly durationMs?: number | null
  readonly session: string | null
  readonly model: string | null
  readonly provider: string | null
  readonly project: string | null
  readonly requests: number | null
  readonly isEstimate?: boolean
}

/** What a reader may do with what it read. Keys are hashed at once; nothing else of a log is kept. */
export interface Tell {
  /** Returns what is new in it, `null` where nothing is. */
  (sighting: Sighting): Amounts | null
  /** What was counted or noted under a key. */
  known(key: readonly string[]): Amounts | null
  /** Remembers figures under a key without telling of them. */
  note(key: readonly string[], amounts: Amounts): void
  /** Who owns a key, as `ownerOf` names it; `null` while nobody does. */
  owner(key: readonly string[]): number | null
  ownerOf(name: string): number
  claim(key: readonly string[], name: string): void
  /** Keyed hash of a working directory; `null` for what is no path. */
  project(cwd: unknown): string | null
  /** A line or document that should be one and is none. */
  bad(): void
}

/** What a reader remembers from line to line of one file: kept over restarts, so plain JSON, short, and without content. */
export type LineState = Record<string, string | number | boolean | null>

/** A file that grows at its end. */
export type LineFormat = {
  readonly kind: 'lines'
  /** Bytes without any of these are passed over unread. */
  readonly needles: readonly string[]
  begin(file: FoundFile): LineState
  line(text: string, state: LineState, tell: Tell, file: FoundFile): void
}

/** A JSON document that is written anew as it grows: the objects of some of its lists are read one by one, so its size does not matter. */
export type ListFormat<State = unknown> = {
  readonly kind: 'list'
  /** Keys of the lists, at any depth outside of another listed object; '' is a document that is a list. */
  readonly lists: readonly string[]
  /** Text fields of the outermost object. */
  readonly fields: readonly string[]
  readonly needles: readonly string[]
  begin(file: FoundFile, machine: AgentMachine): State
  field(name: string, value: string, state: State): void
  element(list: string, value: unknown, state: State, tell: Tell): void
  /** `isWhole`: the document ended where it should. */
  end(state: State, tell: Tell, isWhole: boolean): void
}

/** A small JSON document, at most 1 MB. */
export type DocumentFormat = {
  readonly kind: 'document'
  read(document: unknown, tell: Tell, file: FoundFile): void
}

/** A SQLite store. Yields between questions; each is short. */
export type StoreFormat = {
  readonly kind: 'store'
  read(store: UserStore, state: LineState, tell: Tell, file: FoundFile, machine: AgentMachine): Generator<void, boolean>
}

// biome-ignore lint/suspicious/noExplicitAny: each list format knows its own state, and nobody else looks at it
export type LogFormat = LineFormat | ListFormat<any> | DocumentFormat | StoreFormat

/** A folder, or one file, in which an agent keeps logs. */
export type Place = {
  readonly path: string
  /** Folders below it that are looked into. */
  readonly depth: number
  /** Whose log it is, where one reader reads several apps'. */
  readonly app?: string
  /** What the file of these names is; `null` where it is no log. */
  format(names: readonly string[]): LogFormat | null
  /** Folders that are not looked into. */
  skips?(names: readonly string[]): boolean
}

/** Reads one product's logs (or a family's that writes the same). One file each, one line in registry.ts. */
export interface AgentReader {
  /** As the catalogue names it. */
  readonly id: string
  /** Apps of the catalogue that write this log; what no place says otherwise is the first one's. */
  readonly apps: readonly [string, ...string[]]
  /** Looked up again at every full look. Earlier places are read first. */
  places(machine: AgentMachine): readonly Place[]
  /** Where its providers are reached, by provider as in the log; `*` for all. */
  baseUrls?(machine: AgentMachine): ReadonlyMap<string, string>
  /** Models that this agent can only have from its own maker's data centre. */
  isCloudModel?(model: string): boolean
}
