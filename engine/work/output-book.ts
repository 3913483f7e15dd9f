import type { AppId, ModelId, UserId } from '../../contract/ids.ts'
import type { Asker } from '../../contract/metering.ts'
import { isElsewhere } from '../servers/elsewhere.ts'
import type { ServerOutput } from '../servers/servers.ts'
import type { SettledRequest } from './request-book.ts'

/** What was delivered, to whom: one row of the history's hour. `null`: nobody counted it. */
export type Output = {
  readonly atMs: number
  readonly app: AppId
  readonly model: ModelId | null
  readonly user: UserId | null
  readonly project: string | null
  readonly isRemote: boolean
  readonly promptTokens: number | null
  readonly cachedTokens: number | null
  readonly outputTokens: number | null
  /** Part of `outputTokens` that is a lower bound or was derived. */
  readonly estimatedTokens: number
  readonly requests: number | null
  readonly failedRequests: number
  /** Requests whose tokens nobody reported. */
  readonly unreportedRequests: number
  readonly images: number | null
  readonly audioMs: number | null
  /** Of the requests among it, as attribution gave it to each; the model's own energy is kept apart. */
  readonly requestMj: number
  readonly requestEstimatedMj: number
  readonly requestVarMj2: number
}

/** Counted things of one model that may be told twice: by the metering proxy and by the server behind it. */
const COUNTED = [
  'promptTokens',
  'cachedTokens',
  'outputTokens',
  'requests',
  'failedRequests',
  'images',
  'audioMs',
] as const
type Counted = (typeof COUNTED)[number]

/** A server's counters may move seconds before or after the proxy has seen a request end; they are read at the latest two looks later. */
const SETTLES_MS = 10_000
const OWED_MS = 130_000

type Balance = {
  readonly amounts: Record<Counted, number | null>
  sinceMs: number
  isEstimate: boolean
  isRemote: boolean
  readonly app: AppId
}

/**
 * One piece of output is counted once (attribution.md §4): what the proxy metered stands as it is, with its user; of what a server's counters
 * rose by, only what is beyond that is somebody else's. The two are compared by model in a running account, since they move at different times.
 */
export class OutputBook {
  readonly #balances = new Map<string, Balance>()
  /** Apps whose servers have told something, and what ("vllm requests"). */
  readonly #counting = new Set<AppId>()
  readonly #counted = new Set<string>()
  #outputs: Output[] = []

  /** What a server says it delivered. */
  takeCounted(told: ServerOutput): void {
    const balance = this.#balance(told.app, told.model, told.toMs)
    for (const what of COUNTED) {
      const rise = told[what]
      if (rise === null) continue
      balance.amounts[what] = (balance.amounts[what] ?? 0) + rise
      this.#counted.add(`${told.app} ${what}`)
      this.#counting.add(told.app)
    }
    if (told.provenance === 'estimate') balance.isEstimate = true
    balance.isRemote = told.isRemote
  }

  /** A metered request. `isCounted`: its server counts as well, so its counters hold this request too. */
  takeRequest(request: SettledRequest, atMs: number, nowMs: number, isCounted: boolean): void {
    const { end, app } = request
    if (app === null) return
    this.#outputs.push(outputOf(request, app, atMs))
    if (!isCounted) return
    const balance = this.#balance(app, request.model, nowMs)
    balance.sinceMs = nowMs
    const metered: Record<Counted, number | null> = {
      promptTokens: end.promptTokens,
      cachedTokens: end.cachedTokens,
      outputTokens: end.completionTokens,
      requests: 1,
      failedRequests: end.status === 'failed' ? 1 : 0,
      images: end.images,
      audioMs: end.audioMs,
    }
    for (const what of COUNTED) balance.amounts[what] = (balance.amounts[what] ?? 0) - (metered[what] ?? 0)
  }

  /** A log tells what no server and no proxy counts. */
  add(output: Output): void {
    this.#outputs.push(output)
  }

  /** Everything that is final by now. `wallOffsetMs`: wall minus monotonic time. */
  take(nowMs: number, wallOffsetMs: number, isBusy: (app: AppId) => boolean): readonly Output[] {
    for (const [key, balance] of this.#balances) {
      // While a metered request runs, part of what its server counted is this request's.
      const isOwed = COUNTED.some((what) => (balance.amounts[what] ?? 0) < 0 && this.#mayBeCounted(balance.app, what))
      if (isBusy(balance.app) || nowMs - balance.sinceMs < (isOwed ? OWED_MS : SETTLES_MS)) continue
      this.#balances.delete(key)
      const rest = unmetered(balance, key, nowMs + wallOffsetMs)
      if (rest !== null) this.#outputs.push(rest)
    }
    const taken = this.#outputs
    this.#outputs = []
    return taken
  }

  /** A server counts some things and not others; which, it shows with its first figures. */
  #mayBeCounted(app: AppId, what: Counted): boolean {
    return !this.#counting.has(app) || this.#counted.has(`${app} ${what}`)
  }

  #balance(app: AppId, model: ModelId | null, nowMs: number): Balance {
    const key = JSON.stringify([app, model])
    const known = this.#balances.get(key)
    if (known !== undefined) return known
    const amounts = Object.fromEntries(COUNTED.map((what) => [what, null])) as Record<Counted, number | null>
    const balance: Balance = { amounts, sinceMs: nowMs, isEstimate: false, isRemote: isElsewhere(app), app }
    this.#balances.set(key, balance)
    return balance
  }
}

function outputOf(
  { begin, end, model, energyMj, estimatedMj, varMj2 }: SettledRequest,
  app: AppId,
  atMs: number,
): Output {
  const isReported = end.completionTokens !== null || end.images !== null || end.audioMs !== null
  return {
    atMs,
    app,
    model,
    user: userOf(begin.asker),
    project: null,
    isRemote: end.isRemote || isElsewhere(app),
    promptTokens: end.promptTokens,
    cachedTokens: end.cachedTokens,
    outputTokens: end.completionTokens,
    estimatedTokens: end.tokensProvenance === 'exact' ? 0 : (end.completionTokens ?? 0),
    requests: 1,
    failedRequests: end.status === 'failed' ? 1 : 0,
    unreportedRequests: isReported ? 0 : 1,
    images: end.images,
    audioMs: end.audioMs,
    requestMj: energyMj ?? 0,
    requestEstimatedMj: energyMj === null ? 0 : estimatedMj,
    requestVarMj2: energyMj === null ? 0 : varMj2,
  }
}

/** What is left when the metered part is taken away: a server that counts less than the proxy saw (aborted requests) owes nothing. */
function unmetered({ amounts, isEstimate, isRemote, app }: Balance, key: string, atMs: number): Output | null {
  const left = (what: Counted) => (amounts[what] === null ? null : Math.max(0, Math.round(amounts[what])))
  if (COUNTED.every((what) => (left(what) ?? 0) === 0)) return null
  const [, model] = JSON.parse(key) as [AppId, ModelId | null]
  const outputTokens = left('outputTokens')
  return {
    atMs,
    app,
    model,
    user: null,
    project: null,
    isRemote,
    promptTokens: left('promptTokens'),
    cachedTokens: left('cachedTokens'),
    outputTokens,
    estimatedTokens: isEstimate ? (outputTokens ?? 0) : 0,
    requests: left('requests'),
    failedRequests: left('failedRequests') ?? 0,
    unreportedRequests: 0,
    images: left('images'),
    audioMs: left('audioMs'),
    requestMj: 0,
    requestEstimatedMj: 0,
    requestVarMj2: 0,
  }
}

/** A header names the person, a key the app or the person, an OS account whoever runs the client (ai-servers.md §5.6). */
export function userOf({ personHash, keyHash, uid }: Asker): UserId | null {
  if (personHash !== null) return `api/${personHash}` as UserId
  if (keyHash !== null) return `api/${keyHash}` as UserId
  return uid === null ? null : (`os/${uid}` as UserId)
}
