import type { AppId, ModelId } from '../../contract/ids.ts'
import { createModelNames } from '../servers/model-names.ts'
import type { Output } from '../work/output-book.ts'
import { sumOf } from './fields.ts'
import type { UsageRecord } from './usage-record.ts'

/** A model that a server here holds or held, with the name by which clients ask for it. */
export type ServedModel = {
  readonly model: ModelId
  readonly app: AppId
  readonly name: string
  /** The server passes it on to a data centre. */
  readonly isRemote: boolean
}

/** A request that the metering proxy has seen, wall times; `endedMs` is now for one in flight. */
export type MeteredCall = {
  readonly id: string
  /** As the client or the answer names the model. */
  readonly name: string | null
  readonly beganMs: number
  readonly endedMs: number
}

/** What else counts on this machine, when a record comes. */
export type CountedHere = {
  readonly served: readonly ServedModel[]
  /** A server of this app counts what it delivers. */
  readonly counts: (app: AppId) => boolean
  /** Of the last minutes. */
  readonly calls: readonly MeteredCall[]
}

/**
 * What becomes of a record: output that nobody else counts; or, where the metering proxy or the server has counted it, only who asked and for
 * what. `request`: the metered one, `null` where the server alone counts.
 */
export type JoinedUsage =
  | { readonly kind: 'output'; readonly output: Output }
  | {
      readonly kind: 'asker'
      readonly request: string | null
      readonly agent: AppId
      readonly model: ModelId | null
      readonly project: string | null
    }

/** A log's clock and the proxy's are the same, but a line is written a moment after the answer. */
const SLACK_MS = 5_000

/** One piece of output is counted once: innermost server with a count, then the proxy, then the agent's log (attribution.md §4). */
export function joinUsage(record: UsageRecord, here: CountedHere): JoinedUsage {
  const served = here.served.find(({ name }) => isSameModel(name, record.model)) ?? null
  const call = here.calls.find((one) => isSameModel(one.name, record.model) && overlaps(one, record))
  const agent = { kind: 'asker', agent: record.app, project: record.project, model: served?.model ?? null } as const
  if (call !== undefined) return { ...agent, request: call.id }
  const isHere = served !== null && !served.isRemote
  const isLocal = record.where === 'local' ? served?.isRemote !== true : isHere && !record.isWhereTold
  if (!isLocal) return { kind: 'output', output: outputOf(record, record.app, null, true) }
  if (served !== null && here.counts(served.app)) return { ...agent, request: null }
  return { kind: 'output', output: outputOf(record, served?.app ?? record.app, served?.model ?? null, false) }
}

const names = createModelNames()

function outputOf(record: UsageRecord, app: AppId, model: ModelId | null, isRemote: boolean): Output {
  const { input, cacheRead, cacheWrite, output } = record
  return {
    atMs: record.atMs,
    app,
    model: model ?? (record.model === null ? null : names.idOf(app, record.model)),
    user: null,
    project: record.project,
    isRemote,
    promptTokens: sumOf(input, cacheRead, cacheWrite),
    cachedTokens: cacheRead,
    outputTokens: output,
    estimatedTokens: record.isEstimate ? (output ?? 0) : 0,
    requests: record.requests,
    failedRequests: 0,
    unreportedRequests: 0,
    images: null,
    audioMs: null,
    requestMj: 0,
    requestEstimatedMj: 0,
    requestVarMj2: 0,
  }
}

/** The record's time is that of its end; what is not told of its length is taken for short. */
function overlaps({ beganMs, endedMs }: MeteredCall, { atMs, durationMs }: UsageRecord): boolean {
  return beganMs <= atMs + SLACK_MS && endedMs >= atMs - (durationMs ?? 0) - SLACK_MS
}

/** "qwen3:8b", "qwen3:8b:latest" and "ollama/qwen3:8b" are one: servers and clients add what goes without saying. */
function isSameModel(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return false
  return one === other || plain(one) === plain(other)
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(ollama|ollama_chat|lm_studio|lmstudio|openai)\//, '')
    .replace(/:latest$/, '')
}
