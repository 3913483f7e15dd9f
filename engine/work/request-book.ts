import type { AppId, DomainId, ModelId } from '../../contract/ids.ts'
import type { MeterEvent } from '../../contract/metering.ts'
import type { Provenance } from '../../contract/units.ts'
import { apportion } from '../attribution/apportion.ts'
import { isElsewhere } from '../servers/elsewhere.ts'
import { ModelTicks, requestWeights } from './model-ticks.ts'
import { RequestProgress, type RequestWork } from './request-progress.ts'
import { type CountedTokens, restOf, UnmeteredAccount } from './unmetered-account.ts'

export type MeteredBegin = Extract<MeterEvent, { type: 'begin' }>
export type MeteredProgress = Extract<MeterEvent, { type: 'progress' }>
export type MeteredEnd = Extract<MeterEvent, { type: 'end' }>

/** A metered request that has ended, with all of its energy. */
export type SettledRequest = {
  readonly begin: MeteredBegin
  readonly end: MeteredEnd
  readonly app: AppId | null
  readonly model: ModelId | null
  /** `null`: its server's processes are not seen here, or its answer was computed elsewhere. */
  readonly energyMj: number | null
  readonly estimatedMj: number
  /** Variance of the division among requests, mJ²; gain, app's share and floor are applied when it is asked for. */
  readonly varMj2: number
  readonly byDomain: ReadonlyMap<DomainId, number>
}

/** A model's active energy of one domain's interval, to be divided among the requests that it worked on. */
export type ModelEnergy = {
  readonly model: ModelId
  readonly domain: DomainId
  readonly fromMs: number
  readonly toMs: number
  readonly activeMj: number
  readonly provenance: Provenance
  /** The domain is where this model mostly computes: what it drew there teaches what a prompt token costs. */
  readonly teaches: boolean
}

/** All that a model did in a tick: as generated tokens, prompts weighed; and those that it really generated. */
export type ModelTickWork = { readonly weight: number; readonly outputTokens: number }

type Entry = {
  readonly begin: MeteredBegin
  readonly progress: RequestProgress
  /** What was taken of its progress so far, as its model's account knows it. */
  readonly taken: { promptTokens: number; outputTokens: number }
  readonly app: AppId | null
  end: MeteredEnd | null
  endedMs: number
  /** End of the tick in which its last work was counted: later than its end where that was told late. */
  countedToMs: number | null
  energyMj: number
  estimatedMj: number
  varMj2: number
  readonly byDomain: Map<DomainId, number>
}

/** A domain that is silent for this long holds no request back any longer. */
const SETTLE_AT_MOST_MS = 30_000
/** A meter that died never ends its requests: what is in flight for a day is forgotten. */
const FORGOTTEN_MS = 24 * 3_600_000
/** Of settled requests, so that none is counted twice. */
const REMEMBERED = 10_000
/** How well tokens stand for energy within a batch (attribution.md §6), k = 1. */
const BATCH_SHARE_RATIO = 0.1
/** Sorts before every request's id. */
const UNMETERED = ''

/** The metered requests, and what each has been answerable for so far. Times are monotonic. attribution.md §4, §5. */
export class RequestBook {
  readonly #entries = new Map<string, Entry>()
  readonly #models = new Map<ModelId, ModelTicks>()
  readonly #settledIds = new Set<string>()
  readonly #accounts = new Map<ModelId, UnmeteredAccount>()
  readonly #runsOn: (model: ModelId) => 'gpu' | 'cpu'
  readonly #kept: (model: ModelId) => unknown

  constructor(options: { runsOn: (model: ModelId) => 'gpu' | 'cpu'; kept: (model: ModelId) => unknown }) {
    this.#runsOn = options.runsOn
    this.#kept = options.kept
  }

  /** Requests that are in flight or not settled. */
  get size(): number {
    return this.#entries.size
  }

  /** A meter may tell a request again whose report was answered too late for it to hear. */
  begin(event: MeteredBegin, atMs: number, app: AppId | null): void {
    if (this.#entries.has(event.id) || this.#settledIds.has(event.id)) return
    const progress = new RequestProgress(event.id, atMs)
    this.#entries.set(event.id, {
      begin: event,
      progress,
      taken: { promptTokens: 0, outputTokens: 0 },
      app,
      end: null,
      endedMs: Number.POSITIVE_INFINITY,
      countedToMs: null,
      energyMj: 0,
      estimatedMj: 0,
      varMj2: 0,
      byDomain: new Map(),
    })
  }

  /** `modelOf` says under which name the history of a model is kept that an answer names. */
  see(event: MeteredProgress | MeteredEnd, atMs: number, modelOf: (name: string) => ModelId | null): void {
    const entry = this.#entries.get(event.id)
    if (entry === undefined || entry.end !== null) return
    entry.progress.see(event)
    if (event.model !== null) entry.progress.model = modelOf(event.model)
    if (event.type === 'progress') return
    entry.end = event
    entry.endedMs = Math.max(atMs, entry.progress.beganMs)
    const { promptTokens } = event
    if (entry.progress.model === null || promptTokens === null) return
    const { habits } = this.#model(entry.progress.model)
    habits.learn({ ...event, promptTokens, cachedTokens: event.cachedTokens ?? 0 })
  }

  appOf(id: string): AppId | null {
    return this.#entries.get(id)?.app ?? null
  }

  /** Requests in flight now, by model. */
  inFlight(): ReadonlyMap<ModelId, number> {
    const counts = new Map<ModelId, number>()
    for (const { end, progress } of this.#entries.values())
      if (end === null && progress.model !== null) counts.set(progress.model, (counts.get(progress.model) ?? 0) + 1)
    return counts
  }

  /** Apps with a metered request in flight now, or at any time since then. */
  busyApps(sinceMs = Number.POSITIVE_INFINITY): ReadonlySet<AppId> {
    const apps = new Set<AppId>()
    for (const { end, endedMs, app } of this.#entries.values())
      if ((end === null || endedMs > sinceMs) && app !== null) apps.add(app)
    return apps
  }

  /** Closes a tick: what each model did in it. `counted` is what servers told in it. */
  tick(
    fromMs: number,
    toMs: number,
    counted: ReadonlyMap<ModelId, CountedTokens> = new Map(),
  ): ReadonlyMap<ModelId, ModelTickWork> {
    const worked = new Map<ModelId, RequestWork[]>([...counted.keys()].map((model) => [model, []]))
    const isHidden = { prompts: new Set<ModelId>(), outputs: new Set<ModelId>() }
    for (const entry of this.#entries.values()) {
      const { progress, endedMs, end, taken } = entry
      if (progress.model === null || entry.countedToMs !== null) continue
      const ended = end === null ? null : { ...end, atMs: endedMs }
      const work = progress.take(toMs, this.#model(progress.model).habits, ended)
      if (work === null) continue
      if (end !== null) entry.countedToMs = toMs
      taken.promptTokens += work.promptTokens
      taken.outputTokens += work.outputTokens
      this.#account(work.model).meter(work, toMs)
      if (end === null) isHidden.prompts.add(work.model)
      if (end === null && (work.silentMs > 0 || !progress.hasAnswered)) isHidden.outputs.add(work.model)
      if (end !== null) this.#meterRest(work.model, end, taken, toMs)
      const known = worked.get(work.model)
      if (known === undefined) worked.set(work.model, [work])
      else known.push(work)
    }
    const works = new Map<ModelId, ModelTickWork>()
    for (const [model, requests] of worked) {
      const ticks = this.#model(model)
      const { weight } = ticks.promptWeight(requests.length)
      const meteredTokens = requests.reduce((sum, one) => sum + weight * one.promptTokens + one.outputTokens, 0)
      const told = counted.get(model)
      const unmeteredTokens =
        told === undefined
          ? 0
          : this.#account(model).take(told, toMs, weight, {
              prompts: isHidden.prompts.has(model),
              outputs: isHidden.outputs.has(model),
            })
      ticks.push({ fromMs, toMs, requests, unmeteredTokens })
      const written = requests.reduce((sum, one) => sum + one.outputTokens, 0)
      works.set(model, {
        weight: meteredTokens + unmeteredTokens,
        outputTokens: Math.max(written, told?.outputTokens ?? 0),
      })
    }
    return works
  }

  /** It has ended: what it really did is told now. */
  #meterRest(model: ModelId, end: MeteredEnd, taken: Entry['taken'], atMs: number): void {
    const rest = restOf(end, taken)
    if (rest.promptTokens === 0 && rest.outputTokens === 0) return
    taken.promptTokens += rest.promptTokens
    taken.outputTokens += rest.outputTokens
    this.#account(model).meter(rest, atMs)
  }

  #account(model: ModelId): UnmeteredAccount {
    const known = this.#accounts.get(model) ?? new UnmeteredAccount()
    this.#accounts.set(model, known)
    return known
  }

  /** Gives a model's energy to its requests, exactly; what nobody metered is answerable for stays with the model. */
  share({ model, domain, fromMs, toMs, activeMj, provenance, teaches }: ModelEnergy): void {
    const ticks = this.#models.get(model)
    if (ticks === undefined || activeMj === 0) return
    const { requests, unmeteredTokens } = ticks.between(fromMs, toMs)
    if (requests.length === 0) return
    const prompt = ticks.promptWeight(requests.length)
    if (teaches && unmeteredTokens === 0) ticks.learn(requests.length, activeMj, toMs - fromMs, requests)
    const weights = [...requestWeights(requests, prompt.weight), unmeteredTokens]
    const parts = apportion(activeMj, weights, [...requests.map((one) => one.id), UNMETERED])
    const all = weights.reduce((sum, one) => sum + one, 0)
    for (const [index, { id }] of requests.entries()) {
      const entry = this.#entries.get(id)
      const mj = parts[index] as number
      // Settled already, since its domain was silent for too long: then it is the model's alone.
      if (entry === undefined || mj === 0) continue
      const share = (weights[index] as number) / all
      entry.energyMj += mj
      if (provenance === 'estimate') entry.estimatedMj += mj
      entry.varMj2 += (activeMj * share * (1 - share) * BATCH_SHARE_RATIO) ** 2
      entry.byDomain.set(domain, (entry.byDomain.get(domain) ?? 0) + mj)
    }
  }

  /** What requests in flight have drawn until now. */
  energySoFar(ids: readonly string[]): { id: string; energyMj: number }[] {
    return ids.flatMap((id) => {
      const entry = this.#entries.get(id)
      return entry === undefined ? [] : [{ id, energyMj: entry.energyMj }]
    })
  }

  /** Those that ended and of whose time every domain has told (`toldToMs`), each once. */
  takeSettled(toldToMs: number, nowMs: number): readonly SettledRequest[] {
    const settled: SettledRequest[] = []
    for (const [id, entry] of this.#entries) {
      if (entry.end === null) {
        if (nowMs - entry.progress.beganMs > FORGOTTEN_MS) this.#entries.delete(id)
        continue
      }
      if ((entry.countedToMs ?? entry.endedMs) > toldToMs && nowMs - entry.endedMs < SETTLE_AT_MOST_MS) continue
      this.#entries.delete(id)
      this.#remember(id)
      const { begin, end, app, energyMj, estimatedMj, varMj2, byDomain } = entry
      const isHere = app !== null && !isElsewhere(app) && !end.isRemote
      const model = entry.progress.model
      settled.push({ begin, end, app, model, energyMj: isHere ? energyMj : null, estimatedMj, varMj2, byDomain })
    }
    return settled
  }

  #remember(id: string): void {
    this.#settledIds.add(id)
    const [oldest] = this.#settledIds
    if (this.#settledIds.size > REMEMBERED && oldest !== undefined) this.#settledIds.delete(oldest)
  }

  /** After a gap nothing that was done before it is divided over what comes after. */
  restart(): void {
    for (const ticks of this.#models.values()) ticks.clear()
    this.#accounts.clear()
  }

  /** What was learned of each model; plain JSON, for `kept`. */
  states(): ReadonlyMap<ModelId, unknown> {
    return new Map(Array.from(this.#models, ([model, ticks]) => [model, ticks.state]))
  }

  #model(model: ModelId): ModelTicks {
    const known = this.#models.get(model)
    if (known !== undefined) return known
    const ticks = new ModelTicks(this.#runsOn(model), this.#kept(model))
    this.#models.set(model, ticks)
    return ticks
  }
}
