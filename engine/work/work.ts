import type { AppId, DomainId, DomainKind, ModelId } from '../../contract/ids.ts'
import type { MeterEvent } from '../../contract/metering.ts'
import { attributeModels, type ModelShare } from '../attribution/attribute-models.ts'
import type { Attribution } from '../attribution/types.ts'
import { createWorkRing, type ModelWork, type WorkRing } from '../attribution/work-ring.ts'
import type { HeldModel, Servers } from '../servers/servers.ts'
import { type Output, OutputBook } from './output-book.ts'
import { type ModelTickWork, RequestBook, type SettledRequest } from './request-book.ts'
import type { CountedTokens } from './unmetered-account.ts'

/** One domain's interval as its models share it. */
export type ModelAttribution = {
  readonly domain: DomainId
  readonly app: AppId
  readonly shares: readonly ModelShare[]
}

/** What a model delivers now, for the live views. */
export type ModelPace = { readonly model: ModelId; readonly outputTokens: number; readonly overMs: number }

/**
 * Joins what servers and the metering proxy tell with what their apps draw: which model an app's joules belong to, which request a model's
 * joules belong to, and what was delivered. Called once a tick, before and after the energies are divided.
 */
export interface Work {
  readonly ring: WorkRing
  /** Before: closes the tick's work. Times monotonic. `deviceBytes`: what processes hold of devices' memory, by pid. */
  tick(fromMs: number, toMs: number, busyApps: ReadonlySet<AppId>, deviceBytes?: ReadonlyMap<number, number>): void
  /** After: divides what apps drew in one domain's interval among models and requests. */
  divide(attribution: Attribution, kind: DomainKind): readonly ModelAttribution[]
  /** What the metering proxy reports; the answer is what requests in flight have drawn so far. */
  report(target: string, events: readonly MeterEvent[], wallOffsetMs: number): { id: string; energyMj: number }[]
  /** Requests that are in flight or not settled. */
  readonly unsettled: number
  /** Requests of which all is known now; their output is counted with it. `toldToMs`: up to when the slowest domain has told. */
  settle(toldToMs: number, nowMs: number): readonly SettledRequest[]
  /** What was delivered and is final; wall times. */
  takeOutput(nowMs: number, wallOffsetMs: number): readonly Output[]
  paces(nowMs: number): readonly ModelPace[]
  /** A log tells of output that no server and no proxy counts. */
  addOutput(output: Output): void
  restart(): void
  /** What was learned of models, to be kept. */
  states(): ReadonlyMap<ModelId, unknown>
}

const PACE_MS = 10_000

export function createWork(parts: { readonly servers: Servers; readonly kept: (model: ModelId) => unknown }): Work {
  const { servers } = parts
  const ring = createWorkRing()
  const outputs = new OutputBook()
  const requests = new RequestBook({ runsOn: (model) => runsOn(servers, model), kept: parts.kept })
  /** Models that were seen to compute on a device: there it is the device's energy that teaches. */
  const onDevice = new Set<ModelId>()
  let written: { model: ModelId; toMs: number; tokens: number }[] = []

  function tick(
    fromMs: number,
    toMs: number,
    busyApps: ReadonlySet<AppId>,
    deviceBytes: ReadonlyMap<number, number> = new Map(),
  ): void {
    servers.tick(busyApps)
    const counted = new Map<ModelId, CountedTokens>()
    for (const told of servers.takeOutput()) {
      outputs.takeCounted(told)
      if (told.model === null) continue
      const known = counted.get(told.model) ?? { promptTokens: 0, outputTokens: 0 }
      const prompt = (told.promptTokens ?? 0) - (told.cachedTokens ?? 0)
      counted.set(told.model, {
        promptTokens: known.promptTokens + Math.max(0, prompt),
        outputTokens: known.outputTokens + (told.outputTokens ?? 0),
      })
    }
    const works = requests.tick(fromMs, toMs, counted)
    const inFlight = requests.inFlight()
    const models = computedHere(servers.models()).map(
      (held): ModelWork => ({
        model: held.modelId,
        app: held.app,
        work: works.get(held.modelId)?.weight ?? 0,
        inFlight: held.inFlight ?? inFlight.get(held.modelId) ?? null,
        residentBytes: held.deviceBytes ?? heldBy(held.pids, deviceBytes) ?? held.memoryBytes,
        isLoading: held.state === 'loading',
      }),
    )
    const busy = requests.busyApps(fromMs)
    const idleApps = servers.idleApps().filter((app) => !busy.has(app))
    // A machine without servers keeps nothing.
    if (models.length > 0 || idleApps.length > 0) ring.push({ fromMs, toMs, models, idleApps })
    notePace(toMs, works)
  }

  function notePace(toMs: number, works: ReadonlyMap<ModelId, ModelTickWork>): void {
    for (const [model, { outputTokens }] of works)
      if (outputTokens > 0) written.push({ model, toMs, tokens: outputTokens })
    if (written.length > 0 && (written[0]?.toMs ?? toMs) < toMs - 2 * PACE_MS)
      written = written.filter((one) => one.toMs > toMs - PACE_MS)
  }

  function divide(attribution: Attribution, kind: DomainKind): ModelAttribution[] {
    const { domain, fromMs, toMs, provenance } = attribution
    const divided: ModelAttribution[] = []
    for (const share of attribution.shares) {
      const { models } = ring.between(share.app, fromMs, toMs)
      if (models.length === 0) continue
      const shares = attributeModels(share, models)
      divided.push({ domain, app: share.app, shares })
      for (const { model, activeMj } of shares) {
        if (activeMj === 0) continue
        if (kind === 'gpu' || kind === 'npu') onDevice.add(model)
        const teaches = (kind === 'gpu' || kind === 'npu') === onDevice.has(model)
        requests.share({ model, domain, fromMs, toMs, activeMj, provenance, teaches })
      }
    }
    return divided
  }

  function report(target: string, events: readonly MeterEvent[], wallOffsetMs: number) {
    const app = servers.appAt(target)
    const modelOf = (name: string) => servers.modelAt(target, name)
    const inFlight: string[] = []
    for (const event of events) {
      if (event.type === 'begin') requests.begin(event, event.atMs - wallOffsetMs, app)
      else requests.see(event, event.type === 'end' ? event.atMs - wallOffsetMs : 0, modelOf)
      if (event.type === 'progress') inFlight.push(event.id)
    }
    return requests.energySoFar(inFlight)
  }

  return {
    ring,
    tick,
    divide,
    report,
    get unsettled() {
      return requests.size
    },
    settle(toldToMs, nowMs) {
      const settled = requests.takeSettled(toldToMs, nowMs)
      for (const request of settled)
        outputs.takeRequest(request, request.end.atMs, nowMs, request.app !== null && servers.counts(request.app))
      return settled
    },
    takeOutput(nowMs, wallOffsetMs) {
      // One that has ended and is not settled yet is in its server's counters already, and not in the metered ones.
      const unsettled = requests.busyApps(Number.NEGATIVE_INFINITY)
      return outputs.take(nowMs, wallOffsetMs, (app) => unsettled.has(app))
    },
    addOutput: (output) => outputs.add(output),
    paces(nowMs) {
      const tokens = new Map<ModelId, number>()
      for (const one of written)
        if (one.toMs > nowMs - PACE_MS) tokens.set(one.model, (tokens.get(one.model) ?? 0) + one.tokens)
      return Array.from(tokens, ([model, outputTokens]) => ({ model, outputTokens, overMs: PACE_MS }))
    },
    restart() {
      ring.clear()
      requests.restart()
    },
    states: () => requests.states(),
  }
}

/** `null` where none of them is known to hold anything. */
function heldBy(pids: readonly number[], deviceBytes: ReadonlyMap<number, number>): number | null {
  const known = pids.flatMap((pid) => deviceBytes.get(pid) ?? [])
  return known.length === 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0)
}

/** What is computed elsewhere takes nothing of an app's joules, where it has models that are computed here (attribution.md §4). */
function computedHere(models: readonly HeldModel[]): readonly HeldModel[] {
  const local = models.filter(({ isRemote }) => !isRemote)
  if (local.length === models.length) return models
  const apps = new Set(local.map(({ app }) => app))
  return models.filter(({ isRemote, app }) => !isRemote || !apps.has(app))
}

function runsOn(servers: Servers, model: ModelId): 'gpu' | 'cpu' {
  const held = servers.models().find((one) => one.modelId === model)
  return held?.device === 'cpu' || (held?.deviceBytes === 0 && (held.memoryBytes ?? 0) > 0) ? 'cpu' : 'gpu'
}
