import type { Problem } from '../../contract/result.ts'
import type { FileFault } from '../host/host.ts'
import type { AgentReader, Tell } from './agent-log.ts'
import type { AgentsParts } from './agents.ts'
import { Counted } from './counted.ts'
import { Cursors } from './cursors.ts'
import { LogTree } from './log-tree.ts'
import { readLog } from './read-log.ts'
import { createTeller } from './teller.ts'

/** How one agent's logs fare. */
export type AgentView = {
  readonly id: string
  readonly apps: readonly string[]
  readonly logFiles: number
  /** Records that were told since the engine started. */
  readonly records: number
  /** Lines and documents that are none, or tell of nonsense. */
  readonly badLines: number
  readonly lastUsedMs: number | null
  /** Why some of it cannot be read. */
  readonly problem: Problem<FileFault> | null
}

/** One agent's logs, with all that is remembered of them: opened when its folder is first seen. */
export class AgentReading {
  busyUntilMs = 0
  lookedMs = Number.NEGATIVE_INFINITY
  fullMs = Number.NEGATIVE_INFINITY
  readonly #reader: AgentReader
  readonly #parts: AgentsParts
  readonly #tree: LogTree
  #opened: { readonly cursors: Cursors; readonly counted: Counted; readonly tell: Tell } | null = null
  #baseUrls: ReadonlyMap<string, string> = new Map()
  #app: string
  #records = 0
  #badLines = 0
  #lastUsedMs: number | null = null
  #problem: Problem<FileFault> | null = null

  constructor(reader: AgentReader, parts: AgentsParts) {
    this.#reader = reader
    this.#parts = parts
    this.#tree = new LogTree(parts.files)
    this.#app = reader.apps[0]
  }

  /** It has, or had, logs here. */
  get isThere(): boolean {
    return this.#opened !== null
  }

  noteBusy(busyApps: ReadonlySet<string>, untilMs: number): void {
    if (this.#reader.apps.some((app) => busyApps.has(app))) this.busyUntilMs = untilMs
  }

  *read(isFull: boolean, nowMs: number, buffer: Buffer): Generator<void> {
    this.lookedMs = nowMs
    if (isFull) {
      this.fullMs = nowMs
      this.#baseUrls = this.#reader.baseUrls?.(this.#parts) ?? new Map()
      yield* this.#tree.fullLook(this.#reader.places(this.#parts))
    } else yield* this.#tree.quickLook(this.#parts.clock.wallMs())
    if (this.#tree.logs.size === 0) return
    this.#opened ??= this.#open()
    const { cursors, tell } = this.#opened
    this.#problem = null
    // In order of time, since resumed sessions repeat what stands in older files.
    const logs = [...this.#tree.logs.values()]
      .filter((log) => log.look.modifiedMs >= this.#parts.sinceMs)
      .sort((one, other) => one.rank - other.rank || one.look.modifiedMs - other.look.modifiedMs)
    for (const log of logs) {
      this.#app = log.app ?? this.#reader.apps[0]
      const read = yield* readLog(log, { machine: this.#parts, cursors, tell, buffer })
      if (!read.ok && read.code !== 'absent') this.#problem = read
    }
    if (isFull && !this.#tree.isPartial) cursors.keepOnly((id) => this.#tree.logs.has(id))
  }

  keep(): void {
    this.#opened?.counted.save()
    this.#opened?.cursors.save()
  }

  view(): AgentView {
    return {
      id: this.#reader.id,
      apps: this.#reader.apps,
      logFiles: this.#tree.logs.size,
      records: this.#records,
      badLines: this.#badLines,
      lastUsedMs: this.#lastUsedMs,
      problem: this.#problem,
    }
  }

  #open() {
    const parts = this.#parts
    const reader = this.#reader
    const name = `agents/${reader.id}`
    const counted = new Counted(name, parts)
    const tell = createTeller({
      agent: reader.id,
      counted,
      app: () => this.#app,
      baseUrl: (provider) => this.#baseUrls.get(provider ?? '*') ?? this.#baseUrls.get('*') ?? null,
      isCloudModel: (model) => reader.isCloudModel?.(model) ?? false,
      projectKey: parts.projectKey,
      sinceMs: parts.sinceMs,
      nowMs: () => parts.clock.wallMs(),
      onUsage: (record) => {
        this.#records++
        this.#lastUsedMs = Math.max(this.#lastUsedMs ?? 0, record.atMs)
        parts.onUsage(record)
      },
      onBad: () => {
        this.#badLines++
      },
    })
    return { cursors: new Cursors(name, parts), counted, tell }
  }
}
