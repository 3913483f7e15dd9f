import type { Rig } from './schema.ts'
import type { RigModel, RigServer } from './schema-servers.ts'
import { type ServedRequest, servedRequests } from './served.ts'

/** What a server has delivered of one model since it began, by what is in its counters at once and what only when a request has ended. */
export type ServedTotals = {
  /** Whole prompts, of requests that have begun to be answered. */
  promptTokens: number
  cachedTokens: number
  /** Of ended requests. */
  outputTokens: number
  outputMs: number
  done: number
  failed: number
  aborted: number
}

/** One server's requests at a moment. It moves forward only. */
export class ServerState {
  readonly spec: RigServer
  readonly #requests: readonly ServedRequest[]
  readonly #totals = new Map<RigModel, ServedTotals>()
  #next = 0
  #active: ServedRequest[] = []
  #answered = new Set<ServedRequest>()
  #atMs = 0

  constructor(rig: Rig, spec: RigServer) {
    this.spec = spec
    this.#requests = servedRequests(rig).filter((request) => request.server === spec)
  }

  advance(toMs: number): void {
    this.#atMs = toMs
    for (let one = this.#requests[this.#next]; one !== undefined && one.beginMs <= toMs; ) {
      this.#active.push(one)
      one = this.#requests[++this.#next]
    }
    for (const request of this.#active) if (request.firstMs <= toMs) this.#answer(request)
    for (const request of this.#active) if (request.endMs <= toMs) this.#end(request)
    this.#active = this.#active.filter(({ endMs }) => endMs > toMs)
  }

  /** In flight now. */
  activeOf(model: RigModel): readonly ServedRequest[] {
    return this.#active.filter((request) => request.model === model)
  }

  totalsOf(model: RigModel): ServedTotals {
    const known = this.#totals.get(model)
    if (known !== undefined) return known
    const none = { promptTokens: 0, cachedTokens: 0, outputTokens: 0, outputMs: 0, done: 0, failed: 0, aborted: 0 }
    this.#totals.set(model, none)
    return none
  }

  /** Written until now, those of requests in flight among them. */
  writtenOf(model: RigModel): number {
    const inFlight = this.activeOf(model).reduce((sum, request) => sum + writtenAt(request, this.#atMs), 0)
    return this.totalsOf(model).outputTokens + inFlight
  }

  #answer(request: ServedRequest): void {
    if (this.#answered.has(request)) return
    this.#answered.add(request)
    const totals = this.totalsOf(request.model)
    totals.promptTokens += request.promptTokens
    totals.cachedTokens += request.cachedTokens
  }

  #end(request: ServedRequest): void {
    this.#answered.delete(request)
    const totals = this.totalsOf(request.model)
    totals.outputTokens += request.outputTokens
    totals.outputMs += request.endMs - request.firstMs
    totals[request.pattern.ends] += 1
  }
}

/** Tokens of its answer until a moment: the first comes when its prompt is read, the others evenly. */
export function writtenAt({ firstMs, endMs, outputTokens }: ServedRequest, atMs: number): number {
  if (atMs < firstMs || outputTokens === 0) return 0
  if (atMs >= endMs) return outputTokens
  return Math.max(1, Math.floor((outputTokens * (atMs - firstMs)) / (endMs - firstMs)))
}
