import type { MeterEvent } from '../../../contract/metering.ts'
import { askedBy } from './asker.ts'
import { programOf } from './proc-text.ts'
import type { ProcessState } from './processes.ts'
import type { Rig } from './schema.ts'
import type { RigServer } from './schema-servers.ts'
import { type ServedRequest, servedRequests } from './served.ts'
import { writtenAt } from './server-state.ts'

/** What a metering proxy tells the engine at once (contract/metering.ts, `meterReport`). */
export type MeterReport = {
  readonly meter: { readonly target: string; readonly listen: string; readonly pid: number }
  readonly events: MeterEvent[]
  readonly unmetered: number
  readonly uncounted: number
}

/** No process of a rig has this number. */
const METER_PID = 999_999

/** The proxies before a rig's servers: what they saw since they were last asked. */
export interface MeteredRequests {
  /** Times since the rig's start; `wallMs` is the wall time of `toMs`. */
  take(toMs: number, wallMs: number, living: () => Iterable<ProcessState>): MeterReport[]
}

export function meteredRequests(rig: Rig): MeteredRequests {
  const meters = rig.servers.map((server) => ({
    server,
    waiting: servedRequests(rig).filter((request) => request.server === server && request.isMetered),
    next: 0,
    active: [] as ServedRequest[],
    told: new Map<ServedRequest, number>(),
  }))

  return {
    take(toMs, wallMs, living) {
      return meters.flatMap((meter): MeterReport[] => {
        const wallOf = (atMs: number) => Math.round(wallMs - (toMs - atMs))
        const events: MeterEvent[] = []
        for (let one = meter.waiting[meter.next]; one !== undefined && one.beginMs <= toMs; ) {
          events.push(begin(rig, one, wallOf(one.beginMs), living))
          meter.active.push(one)
          one = meter.waiting[++meter.next]
        }
        for (const request of meter.active) {
          if (request.endMs <= toMs) {
            events.push(end(request, wallOf(request.endMs)))
            meter.told.delete(request)
            continue
          }
          const seen = seenAt(request, toMs)
          if (meter.told.get(request) === seen.deltas) continue
          meter.told.set(request, seen.deltas)
          events.push({ type: 'progress', id: request.id, model: request.model.name, ...seen })
        }
        meter.active = meter.active.filter(({ endMs }) => endMs > toMs)
        return events.length === 0 ? [] : [{ meter: meterOf(meter.server), events, unmetered: 0, uncounted: 0 }]
      })
    },
  }
}

function meterOf({ port }: RigServer): MeterReport['meter'] {
  return { target: `http://127.0.0.1:${port}`, listen: `127.0.0.1:${port + 1}`, pid: METER_PID }
}

function begin(rig: Rig, request: ServedRequest, atMs: number, living: () => Iterable<ProcessState>): MeterEvent {
  const { pattern } = request
  const client = [...living()].find(({ spec, phase }) => spec.name === pattern.client && phase === 'alive')
  const exe = client === undefined ? null : programOf(client, request.beginMs).exe
  return {
    type: 'begin',
    id: request.id,
    atMs,
    endpoint: pattern.endpoint,
    asker: {
      ...askedBy(rig, pattern),
      pid: client?.pid ?? null,
      exe: exe === null ? null : exe.slice(exe.lastIndexOf('/') + 1),
    },
  }
}

function seenAt(request: ServedRequest, atMs: number) {
  const { stream, bytesPerToken } = request.pattern
  return {
    promptBytes: Math.round(request.promptTokens * bytesPerToken),
    promptMedia: 0,
    deltas: stream ? writtenAt(request, atMs) : 0,
  }
}

/** Tokens as the proxy reports them (engine/meter/tally.ts): exact where the server told its usage, pieces where the client went away before that. */
function end(request: ServedRequest, atMs: number): MeterEvent {
  const { pattern, model, beginMs, firstMs, endMs, promptTokens, cachedTokens, outputTokens } = request
  const { promptBytes, promptMedia, deltas: pieces } = seenAt(request, endMs)
  const deltas = pattern.stream || outputTokens === 0 || pattern.ends === 'aborted' ? pieces : 1
  const isTold = pattern.ends === 'done'
  const isRefused = pattern.ends === 'failed'
  const counts = isTold
    ? { promptTokens, cachedTokens, completionTokens: outputTokens, tokensProvenance: 'exact' as const }
    : isRefused
      ? { promptTokens: null, cachedTokens: null, completionTokens: 0, tokensProvenance: 'exact' as const }
      : deltas > 0
        ? { promptTokens: null, cachedTokens: null, completionTokens: deltas, tokensProvenance: 'estimate' as const }
        : { promptTokens: null, cachedTokens: null, completionTokens: null, tokensProvenance: 'notReported' as const }
  const durationMs = endMs - beginMs
  return {
    ...{ type: 'end', id: request.id, atMs, model: model.name, isRemote: model.remote },
    ...counts,
    ...{ images: null, audioMs: null, promptBytes, promptMedia, deltas },
    ttftMs: deltas === 0 ? null : pattern.stream ? firstMs - beginMs : durationMs,
    ...{ durationMs, loadMs: null, status: pattern.ends, httpStatus: isRefused ? 500 : 200 },
  }
}
