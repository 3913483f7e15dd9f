import type { AppId, ModelId } from '../../contract/ids.ts'
import type { Result } from '../../contract/result.ts'
import type { ServerStatus } from '../../contract/servers.ts'
import type { LoadedModel, ServerFault } from '../connectors/connector.ts'

/** A model that some server holds now, under the name by which its history is kept. */
export type HeldModel = LoadedModel & {
  readonly modelId: ModelId
  readonly app: AppId
  /** Origin of its server. */
  readonly server: string
  /** Title of the server, for "engine" beside the model's name. */
  readonly engine: string
}

/** What a server's own counters rose by between two looks, monotonic times. Fields as in `OutputTotals`; `null` is "not counted". */
export type ServerOutput = {
  readonly app: AppId
  /** `null` where the server counts for all of its models alike and holds several. */
  readonly model: ModelId | null
  readonly fromMs: number
  readonly toMs: number
  readonly promptTokens: number | null
  readonly cachedTokens: number | null
  readonly outputTokens: number | null
  readonly requests: number | null
  readonly failedRequests: number | null
  readonly images: number | null
  readonly audioMs: number | null
  readonly provenance: 'exact' | 'estimate'
  /** Its server's processes are not seen here. */
  readonly isRemote: boolean
}

/** The part of a server's status that is known without the metering proxy in front of it. */
export type ServerView = Omit<ServerStatus, 'meter'>

/** Every AI server that is found or was added: discovered on the ports where catalogue apps listen, asked as often as it changes. */
export interface Servers {
  /**
   * Once a tick; asks nothing itself, but starts what is due off the tick. `busyApps`: apps whose processes worked in this tick, by which
   * looks become more frequent, or stop.
   */
  tick(busyApps: ReadonlySet<AppId>): void
  models(): readonly HeldModel[]
  /** Apps of which every server says, in its newest two looks, that nothing is in flight and nothing was delivered between them. */
  idleApps(): readonly AppId[]
  /** What counters rose by since the last call; each rise is told once. Servers that stand behind another one here are left out. */
  takeOutput(): readonly ServerOutput[]
  views(): readonly ServerView[]
  /** A server of this app counts what it delivers: then its counters hold what the metering proxy saw, too. */
  counts(app: AppId): boolean
  /** The app whose processes answer at an origin, or the one that stands for it (elsewhere.ts); `null` where no server is known there. */
  appAt(origin: string): AppId | null
  /** Under which name the history of a model is kept, as a client or an answer names it. */
  modelAt(origin: string, name: string): ModelId | null
  connectorAt(origin: string): { readonly title: string; readonly clientSetting: string | null } | null
  /** Looks for servers again, and waits until all that were found have answered or not. */
  find(): Promise<void>
  unload(
    server: string,
    model: ModelId,
  ): Promise<Result<null, ServerFault | 'unknownServer' | 'unknownModel' | 'cannotUnload'>>
  /** Looks that are under way: a virtual clock waits for them before it moves on. `null` where there are none. */
  pending(): Promise<void> | null
  /** `true` once after servers or models came or went. */
  takeChanged(): boolean
  close(): void
}
