import type { Span } from './calendar.ts'
import { durationMs } from './duration.ts'
import { cardOf, holdingsOf, union } from './holdings.ts'
import { livesOf } from './lives.ts'
import type { Rig, RigProcess } from './schema.ts'
import type { Load } from './schema-load.ts'
import type { RigModel, RigServer } from './schema-servers.ts'
import { joulesPerToken, type ServedRequest, servedRequests } from './served.ts'
import { without } from './truth-spans.ts'

const played = new WeakMap<Rig, Rig>()

/**
 * The rig with what its servers' requests make its processes do: models hold memory, and their processes keep so much of a card's engine or so
 * many cores busy that these draw the joules which the models state.
 */
export function withServedLoads(rig: Rig): Rig {
  const known = played.get(rig)
  if (known !== undefined) return known
  const result = rig.servers.some(({ models }) => models.length > 0) ? loaded(rig) : rig
  played.set(rig, result)
  // What is played already is not loaded again.
  played.set(result, result)
  return result
}

/** Name of the process in which a model computes; `null` where nothing of it is computed here. */
export function processOf(server: RigServer, model: RigModel): string | null {
  return model.remote ? null : (model.process ?? server.process ?? null)
}

function loaded(rig: Rig): Rig {
  const holding = { ...rig, processes: rig.processes.map((spec) => holdingProcess(rig, spec)) }
  return { ...holding, processes: holding.processes.map((spec) => workingProcess(holding, spec)) }
}

function modelIn(rig: Rig, spec: RigProcess): { readonly server: RigServer; readonly model: RigModel } | null {
  for (const server of rig.servers) {
    const model = server.models.find((one) => processOf(server, one) === spec.name)
    if (model !== undefined) return { server, model }
  }
  return null
}

function holdingProcess(rig: Rig, spec: RigProcess): RigProcess {
  const held = modelIn(rig, spec)
  if (held === null) return spec
  const { memoryBytes, loaded, on } = held.model
  if (on === 'cpu') return { ...spec, rssBytes: spec.rssBytes + memoryBytes }
  return { ...spec, gpuMemoryBytes: loaded === undefined ? memoryBytes : { ...loaded, bytes: memoryBytes } }
}

function workingProcess(rig: Rig, spec: RigProcess): RigProcess {
  const held = modelIn(rig, spec)
  if (held === null) return spec
  const { server, model } = held
  const powersW = sumOfSteps([...workSteps(rig, server, model), ...spinSteps(rig, spec, server, model)])
  if (powersW.length === 0) return spec
  const cpuPart = model.on === 'cpu' ? 1 : model.cpuRatio
  const cores = loadOf(powersW, cpuPart / coreW(rig, spec))
  const load = cpuPart === 0 ? spec.load : { sum: [spec.load, cores] }
  if (model.on === 'cpu' || cpuPart === 1) return { ...spec, load }
  const engines = loadOf(powersW, (1 - cpuPart) / engineW(rig, spec))
  return { ...spec, load, gpu: spec.gpu === undefined ? engines : { sum: [spec.gpu, engines] } }
}

/** At a moment power changes by so much. */
type Step = { readonly atMs: number; readonly byW: number }

function* workSteps(rig: Rig, server: RigServer, model: RigModel): Generator<Step> {
  const own = servedRequests(rig).filter((request) => request.server === server && request.model === model)
  for (const { beginMs, firstMs, promptTokens, cachedTokens } of own) {
    if (firstMs > beginMs)
      yield* span(beginMs, firstMs, (1_000 * model.promptJ * (promptTokens - cachedTokens)) / (firstMs - beginMs))
  }
  const written = own.filter(({ firstMs, endMs }) => endMs > firstMs).toSorted((a, b) => a.firstMs - b.firstMs)
  const edges = [...new Set(written.flatMap(({ firstMs, endMs }) => [firstMs, endMs]))].toSorted((a, b) => a - b)
  let next = 0
  let streams: ServedRequest[] = []
  for (const [index, atMs] of edges.entries()) {
    streams = streams.filter(({ endMs }) => endMs > atMs)
    for (let one = written[next]; one !== undefined && one.firstMs <= atMs; one = written[++next]) streams.push(one)
    const untilMs = edges[index + 1]
    if (untilMs === undefined || streams.length === 0) continue
    const tokensPerMs = streams.reduce((sum, one) => sum + one.outputTokens / (one.endMs - one.firstMs), 0)
    yield* span(atMs, untilMs, 1_000 * joulesPerToken(model, streams.length) * tokensPerMs)
  }
}

/** Busy-waiting: while the model is loaded and its server has nothing to do. */
function* spinSteps(rig: Rig, spec: RigProcess, server: RigServer, model: RigModel): Generator<Step> {
  if (model.spinW === 0) return
  for (const { fromMs, toMs } of idleSpans(rig, spec, server)) yield* span(fromMs, toMs, model.spinW)
}

/** When a process holds its model and nobody asks the server that it works for. */
export function idleSpans(rig: Rig, spec: RigProcess, server: RigServer): Span[] {
  const endMs = durationMs(rig.duration)
  const asked = union(
    servedRequests(rig)
      .filter((request) => request.server === server)
      .map(({ beginMs, endMs }) => ({ fromMs: beginMs, toMs: endMs })),
  )
  return livesOf(rig)
    .filter((life) => life.spec === spec)
    .flatMap((life) => holdingsOf(rig, life))
    .map(({ fromMs, toMs }) => ({ fromMs: Math.max(0, fromMs), toMs: Math.min(endMs, toMs) }))
    .filter(({ fromMs, toMs }) => toMs > fromMs)
    .flatMap((held) => without(held, asked))
}

function* span(fromMs: number, toMs: number, powerW: number): Generator<Step> {
  yield { atMs: fromMs, byW: powerW }
  yield { atMs: toMs, byW: -powerW }
}

/** Power from each moment on at which it changes. */
function sumOfSteps(steps: readonly Step[]): [number, number][] {
  const byTime = Map.groupBy(
    steps.toSorted((a, b) => a.atMs - b.atMs),
    ({ atMs }) => atMs,
  )
  let open = 0
  let powerW = 0
  return Array.from(byTime, ([atMs, own]): [number, number] => {
    open += own.reduce((sum, { byW }) => sum + (byW >= 0 ? 1 : -1), 0)
    // Sums of decimals leave a hair behind: where nothing is open, there is nothing.
    powerW = open === 0 ? 0 : Math.max(0, powerW + own.reduce((sum, { byW }) => sum + byW, 0))
    return [atMs, powerW]
  })
}

function loadOf(powersW: readonly [number, number][], perW: number): Load {
  return { steps: powersW.map(([atMs, powerW]) => [`${atMs}ms`, powerW * perW]) }
}

/** What one core that is busy for a process adds to all zones that count. */
export function coreW(rig: Rig, { app, cores }: RigProcess): number {
  const hasInner = rig.domains.some(({ zone }) => zone !== 'psys')
  const counted = rig.domains.flatMap((root) => [
    ...(root.zone !== 'psys' || !hasInner ? [root] : []),
    ...root.children.filter(({ zone }) => zone === 'dram' && root.zone !== 'psys'),
  ])
  const sumW = counted.reduce((sum, { wattsPerCore, wattsPerCoreOf }) => {
    return sum + (app === undefined ? wattsPerCore : (wattsPerCoreOf[app] ?? wattsPerCore))
  }, 0)
  return sumW * (cores === 'efficiency' ? (rig.cpu.efficiency?.capacityRatio ?? 1) : 1)
}

/** What its card draws while its engine is busy for a process throughout; 0 where it has none. */
export function engineW(rig: Rig, spec: RigProcess): number {
  const card = cardOf(rig, spec)
  if (card === null) return 0
  return spec.app === undefined ? card.wattsPerEngine : (card.wattsPerEngineOf[spec.app] ?? card.wattsPerEngine)
}
