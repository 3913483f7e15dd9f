import type { Problem, Result } from '../../contract/result.ts'
import type { HttpAnswer } from '../host/host.ts'

/** `denied`: it wants a key. `starting`: it loads and will answer later. `foreign`: something else answers there now. */
export type ServerFault = 'absent' | 'denied' | 'starting' | 'foreign' | 'broken'

/**
 * One question to one server, whose address and key the caller knows: a path ("/api/ps"), never a whole address. Local servers are
 * asked over loopback, remote ones over the way that the user typed. Answers over 1 MB, redirects and silence are problems.
 */
export type Ask = (
  path: string,
  options?: {
    readonly method?: 'GET' | 'POST' | 'DELETE'
    readonly body?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly timeoutMs?: number
  },
) => Promise<Result<HttpAnswer, ServerFault>>

/** A model that a server holds in memory. What it does not say is `null`. */
export type LoadedModel = {
  /** As the server names it, to ask it to unload: unique within the server at one time. */
  readonly id: string
  /** As a person knows it ("qwen3:8b"); the same over restarts and on another machine. */
  readonly name: string
  readonly family: string | null
  /** Number of parameters. */
  readonly parameters: number | null
  /** As the field spells it: `Q4_K_M`, `F16`, `4bit`, `awq`. */
  readonly quantisation: string | null
  /** All memory that it holds, and the part of it on a device. */
  readonly memoryBytes: number | null
  readonly deviceBytes: number | null
  readonly device: 'cpu' | 'gpu' | 'npu' | 'mixed' | null
  readonly contextTokens: number | null
  /** When the server lets go of it by itself, wall time; `null` where it does not, or does not say. */
  readonly expiresMs: number | null
  readonly state: 'loading' | 'ready' | 'sleeping' | 'unloading'
  /** Its answers are computed elsewhere (a cloud model behind a local server). */
  readonly isRemote: boolean
  /** Processes that hold it, where the server names them. */
  readonly pids: readonly number[]
  /** Requests that it works on now. */
  readonly inFlight: number | null
}

/**
 * What a server delivered since its counters began, for one model. `null`: it does not count this. Figures of servers that tell only
 * the newest request are summed by their connector.
 */
export type OutputTotals = {
  /** Name of the model as in `LoadedModel.name`; `null` where the server counts for all alike. */
  readonly model: string | null
  /** Whole prompts, the cached part included. */
  readonly promptTokens: number | null
  readonly cachedTokens: number | null
  readonly outputTokens: number | null
  readonly requests: number | null
  readonly failedRequests: number | null
  readonly images: number | null
  readonly audioMs: number | null
  /** Time in which the model generated, where it is told: a request that ends within one look is then spread over it. */
  readonly busyMs: number | null
  /** `estimate`: a lower bound, or a count of something that stands for it. */
  readonly provenance: 'exact' | 'estimate'
}

/** Joules that a server reads from the same counters as we do: compared with ours, never added. */
export type ReportedEnergy = { readonly device: string; readonly totalMj: number }

/** What one look at a server has told. */
export type ServerReport = {
  readonly version: string | null
  readonly models: readonly LoadedModel[]
  /** Requests at work and waiting; `null` where the server does not say. */
  readonly inFlight: number | null
  readonly waiting: number | null
  readonly totals: readonly OutputTotals[]
  /** Changes where the server itself tells that its counters began anew (its start, an uptime that fell). */
  readonly life: string | null
  /** `server`: it counts what it delivers; `proxyOnly`: it keeps no totals, and only the metering proxy can count; `off`: it could, and is set not to. */
  readonly counts: 'server' | 'proxyOnly' | 'off'
  /** What would make it tell more; `null` where it tells all it can. */
  readonly limits: Problem<'metricsOff' | 'keyNeeded' | 'oldVersion'> | null
  readonly energy: readonly ReportedEnergy[]
}

/** One server that was identified. Its methods never load, wake or keep a model (ai-servers.md §0). */
export interface OpenServer {
  /** Never overlapping: the caller waits for the answer before it asks again. */
  poll(): Promise<Result<ServerReport, ServerFault>>
  /** Asks it to let go of a model, as its own interface has it; it waits for running requests by itself. `null`: it has no way. */
  readonly unload: ((model: LoadedModel) => Promise<Result<null, ServerFault>>) | null
  /** Other servers that it stands in front of (llama-swap, a router): their origins, so that nothing is counted twice. */
  readonly upstreams?: () => readonly string[]
}

/** Speaks one server's dialect: what the server says of itself, nothing inferred. One file each, one line in registry.ts. */
export interface Connector {
  /** As the catalogue names it. */
  readonly id: string
  readonly title: string
  /** Asks only what identifies it; `null` where the answer is not this server's. A `denied` says that it is, and wants a key. */
  identify(ask: Ask): Promise<Result<OpenServer | null, ServerFault>>
  /** The client's setting that leads its traffic through the metering proxy, in one line ("OLLAMA_HOST=127.0.0.1:{port}"); `{port}` is filled in. */
  readonly clientSetting: string | null
  /** Whether unloading is a POST that this server understands, for the words on the button. */
  readonly unloadsBy: 'api' | 'stoppingTheProcess'
}
