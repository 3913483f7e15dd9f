import type { AppId, DomainId, DomainKind, ModelId, UserId } from '../contract/ids.ts'
import type { MeterEvent } from '../contract/metering.ts'
import type { NowModel } from '../contract/now.ts'
import type { AddedServer } from '../contract/servers.ts'
import { type AgentHome, createAgentUsage } from './agent-usage.ts'
import type { AppView } from './apps.ts'
import type { ModelShare } from './attribution/attribute-models.ts'
import { expandedRatio } from './attribution/uncertainty.ts'
import type { Catalogue } from './catalogue/match.ts'
import { connectors } from './connectors/registry.ts'
import type { DomainView } from './energy-book.ts'
import type { Host } from './host/host.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { LedgerModel } from './ledger/work-types.ts'
import type { ProcessSampler } from './processes/sampler.ts'
import { createServers } from './servers/hub.ts'
import type { Servers } from './servers/servers.ts'
import type { Ticked, TickWork } from './tick.ts'
import { type Output, userOf } from './work/output-book.ts'
import type { SettledRequest } from './work/request-book.ts'
import { createWork } from './work/work.ts'

export type WorkingParts = {
  readonly host: Host
  readonly catalogue: () => Catalogue
  readonly sampler: () => ProcessSampler
  readonly views: () => readonly DomainView[]
  readonly describe: (app: AppId) => AppView
  /** How well CPU time stands for energy here: what an app is described with wherever it is. */
  readonly shareRatio: () => number
  readonly ledger: Ledger | null
  readonly added: () => readonly AddedServer[]
  readonly keyOf: (origin: string) => string | null
  readonly ownOrigins: () => readonly string[]
  /** `null` where the machine has no user whose logs could be read: a rig, a recording, a foreign tree. */
  readonly agentHome: AgentHome | null
}

/** What AI apps deliver: their servers, models and requests, joined with the energy that attribution gives their apps. */
export interface Working {
  readonly servers: Servers
  readonly tickWork: TickWork
  /** After a tick's energies are divided: models and requests get theirs, and the ledger what is final. */
  keep(ticked: Ticked): void
  /** What a metering proxy reports; answers with what its requests in flight have drawn. */
  report(target: string, events: readonly MeterEvent[]): { id: string; energyMj: number }[]
  /** Which domains there are has changed. */
  noteDomains(): void
  models(): NowModel[]
  onRequest(handler: (request: SettledRequest) => void): void
  close(): void
}

/** More of a core than this within a tick, and an app works. */
const BUSY_CORES = 0.02
const SAVE_MS = 600_000
const LIVE_MS = 5_000
/** How well each way of dividing an app among its models stands for energy (attribution.md §6), k = 1. */
const SHARE_RATIO: Readonly<Record<ModelShare['by'], number>> = {
  only: 0,
  work: 0.1,
  inFlight: 0.15,
  memory: 0.4,
  equal: 0.4,
}

type Live = { readonly model: ModelId; readonly fromMs: number; readonly toMs: number; readonly energyMj: number }

export function createWorking(parts: WorkingParts): Working {
  const { host, ledger } = parts
  const { clock } = host
  const servers = createServers({
    host,
    connectors,
    processes: parts.sampler,
    servingApp(app) {
      const known = parts.catalogue().describe(app)
      if (known === null || known.connector === null || known.connector.startsWith('log-')) return null
      return { name: known.name, dialects: [known.connector, ...known.alsoConnectors], ports: known.ports }
    },
    added: parts.added,
    keyOf: parts.keyOf,
    ownOrigins: parts.ownOrigins,
  })
  const work = createWork({ servers, kept: (model) => parsed(ledger?.state(weightKey(model)) ?? null) })
  const agents =
    parts.agentHome === null || ledger === null
      ? null
      : createAgentUsage({
          host,
          home: parts.agentHome,
          ledger,
          servers,
          addOutput: (output) => work.addOutput(output),
        })
  const kinds = new Map<DomainId, DomainKind>()
  const innerLeaves = new Set<DomainId>()
  const shareRatios = new Map<ModelId, { energyMj: number; weighed: number }>()
  let live: Live[] = []
  let savedMs = Number.NEGATIVE_INFINITY
  let told: (request: SettledRequest) => void = () => {}

  function noteDomains(): void {
    kinds.clear()
    innerLeaves.clear()
    for (const view of parts.views()) {
      kinds.set(view.leafId, view.domain.kind)
      if (view.scope === 'inner') innerLeaves.add(view.leafId)
    }
  }

  function describeModel(model: ModelId, app: AppId, isRemote = false, heldNow = servers.models()): void {
    if (ledger === null) return
    const held = heldNow.find((one) => one.modelId === model)
    ledger.describeModel({
      id: model,
      app,
      name: held?.name ?? nameIn(model, app),
      family: held?.family ?? null,
      parameters: held?.parameters ?? null,
      quantisation: held?.quantisation ?? null,
      engine: held?.engine ?? null,
      device: held?.device ?? null,
      isRemote: held?.isRemote ?? isRemote,
      shareRatio: shareRatioOf(model),
    } satisfies LedgerModel)
  }

  function shareRatioOf(model: ModelId): number {
    const known = shareRatios.get(model)
    return known === undefined || known.energyMj === 0 ? 0 : Math.round((20 * known.weighed) / known.energyMj) / 20
  }

  function noteShare({ model, activeMj, loadMj, by }: ModelShare): void {
    const known = shareRatios.get(model) ?? { energyMj: 0, weighed: 0 }
    known.energyMj += activeMj + loadMj
    known.weighed += (activeMj + loadMj) * SHARE_RATIO[by]
    shareRatios.set(model, known)
  }

  function keep(ticked: Ticked): void {
    const offsetMs = ticked.wallMs - ticked.toMs
    const held = servers.models()
    for (const attribution of held.length === 0 ? [] : ticked.attributions) {
      if (!innerLeaves.has(attribution.domain) || attribution.shares.length === 0) continue
      const { fromMs, toMs, provenance } = attribution
      for (const { app, shares } of work.divide(attribution, kinds.get(attribution.domain) ?? 'cpu')) {
        for (const share of shares) {
          noteShare(share)
          describeModel(share.model, app, false, held)
          live.push({ model: share.model, fromMs, toMs, energyMj: share.activeMj + share.idleMj + share.loadMj })
        }
        ledger?.describeApp({ ...parts.describe(app), shareRatio: parts.shareRatio() })
        ledger?.recordModels({ startWallMs: fromMs + offsetMs, endWallMs: toMs + offsetMs, provenance, shares })
      }
    }
    if (live.length > 0 && (live[0]?.toMs ?? 0) < ticked.toMs - 4 * LIVE_MS)
      live = live.filter(({ toMs }) => toMs > ticked.toMs - LIVE_MS)
    if (work.unsettled > 0) for (const request of work.settle(toldToMs(ticked.toMs), ticked.toMs)) keepRequest(request)
    for (const output of work.takeOutput(ticked.toMs, offsetMs)) keepOutput(output)
    agents?.keep()
    if (ticked.toMs - savedMs < SAVE_MS) return
    savedMs = ticked.toMs
    saveWeights()
  }

  /** Up to when every domain that measures has told what it drew. */
  function toldToMs(nowMs: number): number {
    let to = nowMs
    for (const view of parts.views())
      if (view.scope === 'inner' && view.state === 'measuring' && view.latest !== null)
        to = Math.min(to, view.latest.toMs)
    return to
  }

  function keepRequest(request: SettledRequest): void {
    const { begin, end, app, model } = request
    const user = userOf(begin.asker)
    const uncertainty = uncertaintyOf(request)
    if (ledger !== null) {
      if (app !== null) ledger.describeApp({ ...parts.describe(app), shareRatio: parts.shareRatio() })
      if (model !== null && app !== null) describeModel(model, app, end.isRemote)
      describeUser(user)
      ledger.recordRequest({
        id: begin.id,
        beganMs: begin.atMs,
        endedMs: end.atMs,
        app,
        model: app === null ? null : model,
        user,
        project: null,
        client: begin.asker.exe,
        endpoint: begin.endpoint,
        promptTokens: end.promptTokens,
        cachedTokens: end.cachedTokens,
        outputTokens: end.completionTokens,
        tokensProvenance: end.tokensProvenance,
        images: end.images,
        audioMs: end.audioMs,
        ttftMs: end.ttftMs,
        durationMs: end.durationMs,
        status: end.status,
        httpStatus: end.httpStatus,
        isRemote: end.isRemote,
        energyMj: request.energyMj,
        estimatedMj: request.estimatedMj,
        uncertainty,
        provenance: request.energyMj === null ? null : provenanceOf(request),
      })
    }
    told(request)
  }

  function keepOutput(output: Output): void {
    if (ledger === null) return
    ledger.describeApp({ ...parts.describe(output.app), shareRatio: parts.shareRatio() })
    if (output.model !== null) describeModel(output.model, output.app, output.isRemote)
    describeUser(output.user)
    if (output.project !== null) ledger.describeProject({ id: output.project })
    const { atMs, ...counts } = output
    ledger.recordOutput({ ...counts, atS: Math.floor(atMs / 1_000) })
  }

  function describeUser(user: UserId | null): void {
    if (user !== null) ledger?.describePerson({ id: user, kind: user.startsWith('os/') ? 'os' : 'api' })
  }

  /** Half-width at k = 2 ÷ energy: gain and share of each domain that it drew from, and its part among those beside it (attribution.md §6). */
  function uncertaintyOf({ energyMj, varMj2, byDomain }: SettledRequest): number | null {
    if (energyMj === null || energyMj === 0) return null
    const views = new Map(parts.views().map((view) => [view.leafId, view]))
    let varianceMj2 = varMj2
    for (const [domain, mj] of byDomain) {
      const view = views.get(domain)
      varianceMj2 += (mj * (view?.domain.gainRatio ?? 0.1)) ** 2 + (mj * (view?.shareRatio ?? 0.15)) ** 2
    }
    return expandedRatio(Math.sqrt(varianceMj2), energyMj)
  }

  function provenanceOf({ byDomain }: SettledRequest) {
    const [largest] = [...byDomain].sort(([, a], [, b]) => b - a)
    return parts.views().find((view) => view.leafId === largest?.[0])?.domain.provenance ?? 'estimate'
  }

  function saveWeights(): void {
    for (const [model, state] of work.states()) ledger?.saveState(weightKey(model), JSON.stringify(state))
  }

  function models(): NowModel[] {
    const nowMs = clock.monotonicMs()
    const paces = new Map(work.paces(nowMs).map((pace) => [pace.model, pace]))
    const drawn = new Map<ModelId, number>()
    for (const one of live)
      if (one.toMs > nowMs - LIVE_MS) drawn.set(one.model, (drawn.get(one.model) ?? 0) + one.energyMj)
    return servers.models().map((held) => {
      const pace = paces.get(held.modelId)
      const energyMj = drawn.get(held.modelId)
      const powerW = energyMj === undefined ? null : energyMj / LIVE_MS
      const tokensPerS = pace === undefined ? null : (1_000 * pace.outputTokens) / pace.overMs
      return {
        id: held.modelId,
        app: held.app,
        name: held.name,
        state: held.state,
        isRemote: held.isRemote,
        powerW,
        tokensPerS,
        tokensPerJ:
          held.isRemote || powerW === null || powerW === 0 || tokensPerS === null ? null : tokensPerS / powerW,
      }
    })
  }

  return {
    servers,
    tickWork: {
      ring: work.ring,
      tick(fromMs, toMs, activity, deviceBytes) {
        const busyMs = (toMs - fromMs) * BUSY_CORES
        const working = (activity?.apps ?? []).filter(({ plainCpuMs }) => plainCpuMs > busyMs)
        const busy = new Set(working.map(({ app }) => app))
        work.tick(fromMs, toMs, busy, deviceBytes)
        agents?.tick(busy)
      },
      restart: () => work.restart(),
    },
    keep,
    report(target, events) {
      agents?.note(events)
      return work.report(target, events, clock.wallMs() - clock.monotonicMs())
    },
    noteDomains,
    models,
    onRequest(handler) {
      told = handler
    },
    close() {
      agents?.close()
      saveWeights()
      servers.close()
    },
  }
}

function weightKey(model: ModelId): string {
  return `prompt-weight/${model}`
}

function nameIn(model: ModelId, app: AppId): string {
  return model.startsWith(`${app}/`) ? model.slice(app.length + 1) : model
}

function parsed(json: string | null): unknown {
  try {
    return json === null ? null : JSON.parse(json)
  } catch {
    return null
  }
}
