import type { AppId, ModelId, UserId } from '../../../contract/ids.ts'
import { userIdOf } from './asker.ts'
import { sleepsOf } from './lives.ts'
import type { Rig } from './schema.ts'
import type { RigModel, RigServer } from './schema-servers.ts'
import { joulesPerToken, type ServedRequest, servedRequests } from './served.ts'
import { idleSpans, processOf, withServedLoads } from './served-load.ts'
import { deviceTruths } from './truth-devices.ts'
import { clipped, lengthOf, total, without } from './truth-spans.ts'

/** What was delivered. Of users and classes, what a metering proxy saw of it. */
export type DeliveredTruth = {
  readonly promptTokens: number
  readonly outputTokens: number
  readonly requests: number
}

export type ModelTruth = DeliveredTruth & {
  readonly app: AppId
  /** As the engine keeps its history. */
  readonly model: ModelId
  readonly activeMj: number
  /** Residency on a card, and busy-waiting. */
  readonly idleMj: number
  readonly isRemote: boolean
}
export type UserTruth = DeliveredTruth & { readonly user: UserId; readonly energyMj: number }
export type ClassTruth = DeliveredTruth & {
  /** Its name, or its model and place among its server's patterns. */
  readonly key: string
  /** What all of its requests' ids begin with. */
  readonly idPrefix: string
  readonly model: ModelId
  readonly isMetered: boolean
  readonly energyMj: number
}
export type WorkTruth = {
  readonly models: readonly ModelTruth[]
  /** Of metered requests: of others nobody can know whose they are. */
  readonly users: readonly UserTruth[]
  readonly classes: readonly ClassTruth[]
}

/**
 * What each model, user and class of requests really took, from what the rig states of tokens alone: joules times tokens, where they depend
 * on the streams beside it summed stretch by stretch. Neither loads nor counters enter.
 */
export function workTruth(declared: Rig, fromMs: number, toMs: number): WorkTruth {
  const rig = withServedLoads(declared)
  const requests = servedRequests(rig)
  const models = rig.servers.flatMap((server) =>
    server.models.map((model) => modelTruth(rig, server, model, fromMs, toMs)),
  )
  const metered = requests.filter(({ isMetered }) => isMetered)
  const byUser = Map.groupBy(metered, (request) => userIdOf(rig, request.pattern))
  return {
    models,
    users: [...byUser].flatMap(([user, own]) => (user === null ? [] : [{ user, ...sumsOf(requests, own) }])),
    classes: rig.servers.flatMap((server) =>
      server.requests.map((pattern, index): ClassTruth => {
        const own = requests.filter((one) => one.server === server && one.patternIndex === index)
        return {
          key: pattern.name ?? `${pattern.model} #${index + 1}`,
          idPrefix: own[0]?.id.slice(0, 8) ?? '',
          model: modelIdOf(rig, server, pattern.model),
          isMetered: pattern.metered ?? server.metered,
          ...sumsOf(requests, own),
        }
      }),
    ),
  }
}

export function modelIdOf(rig: Rig, server: RigServer, name: string): ModelId {
  return `${appOf(rig, server)}/${name}` as ModelId
}

function appOf(rig: Rig, { app, process }: RigServer): AppId {
  const own = app ?? rig.processes.find(({ name }) => name === process)?.app
  if (own === undefined) throw new Error('a server with models is of no app: checked when the rig was read')
  return own
}

function modelTruth(rig: Rig, server: RigServer, model: RigModel, fromMs: number, toMs: number): ModelTruth {
  const requests = servedRequests(rig)
  const own = requests.filter((one) => one.server === server && one.model === model)
  const { energyMj, ...delivered } = sumsOf(requests, own)
  return {
    app: appOf(rig, server),
    model: modelIdOf(rig, server, model.name),
    activeMj: energyMj,
    idleMj: idleMj(rig, server, model, fromMs, toMs),
    isRemote: model.remote,
    ...delivered,
  }
}

function idleMj(rig: Rig, server: RigServer, model: RigModel, fromMs: number, toMs: number): number {
  const process = processOf(server, model)
  const spec = rig.processes.find(({ name }) => name === process)
  if (spec === undefined) return 0
  const awake = without({ fromMs, toMs }, sleepsOf(rig))
  const residentMj = total(deviceTruths(rig, awake), ({ idleByProcess }) => idleByProcess.get(spec.name) ?? 0)
  const quiet = idleSpans(rig, spec, server).flatMap((span) => clipped(awake, span.fromMs, span.toMs))
  return residentMj + model.spinW * total(quiet, lengthOf)
}

function sumsOf(all: readonly ServedRequest[], own: readonly ServedRequest[]): DeliveredTruth & { energyMj: number } {
  return {
    energyMj: total(own, (request) => requestMj(all, request)),
    promptTokens: total(own, ({ promptTokens }) => promptTokens),
    outputTokens: total(own, ({ outputTokens }) => outputTokens),
    requests: own.length,
  }
}

function requestMj(all: readonly ServedRequest[], request: ServedRequest): number {
  const { model, promptTokens, cachedTokens } = request
  return 1_000 * (model.promptJ * (promptTokens - cachedTokens) + writtenJ(all, request))
}

/** Tokens come evenly, so that each stretch between two changes of the streams beside it has its part of them. */
function writtenJ(all: readonly ServedRequest[], { model, outputTokens, firstMs, endMs }: ServedRequest): number {
  if (outputTokens === 0) return 0
  if (typeof model.outputJ === 'number') return model.outputJ * outputTokens
  const beside = all.filter((one) => one.model === model && one.firstMs < endMs && one.endMs > firstMs)
  const inner = beside.flatMap((one) => [one.firstMs, one.endMs]).filter((atMs) => atMs > firstMs && atMs < endMs)
  const cuts = [...new Set([firstMs, ...inner, endMs])].toSorted((a, b) => a - b)
  let joules = 0
  for (const [index, toMs] of cuts.slice(1).entries()) {
    const middleMs = ((cuts[index] as number) + toMs) / 2
    const streams = beside.filter((one) => one.firstMs <= middleMs && one.endMs > middleMs).length
    const part = (toMs - (cuts[index] as number)) / (endMs - firstMs)
    joules += joulesPerToken(model, streams) * outputTokens * part
  }
  return joules
}
