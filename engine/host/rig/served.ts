import { noise } from './bursts.ts'
import { durationMs } from './duration.ts'
import type { Rig } from './schema.ts'
import type { RigModel, RigPattern, RigServer } from './schema-servers.ts'

/** One request as its pattern makes it. Times since the rig's start. */
export type ServedRequest = {
  /** 16 hexadecimal digits, as a metering proxy gives them. */
  readonly id: string
  readonly server: RigServer
  readonly pattern: RigPattern
  /** Place of the pattern among its server's. */
  readonly patternIndex: number
  readonly model: RigModel
  readonly isMetered: boolean
  /** Its prompt is read until `firstMs`, then it is answered until `endMs`. */
  readonly beginMs: number
  readonly firstMs: number
  readonly endMs: number
  readonly promptTokens: number
  readonly cachedTokens: number
  /** Really written, however it ended. */
  readonly outputTokens: number
}

const cached = new WeakMap<Rig['servers'], readonly ServedRequest[]>()

/** Every request of a rig, by its beginning: what its patterns mean, written out. */
export function servedRequests({ servers }: Pick<Rig, 'servers'>): readonly ServedRequest[] {
  const known = cached.get(servers)
  if (known !== undefined) return known
  const requests = servers
    .flatMap((server) => server.requests.flatMap((_, index) => requestsOf(server, index)))
    .toSorted((a, b) => a.beginMs - b.beginMs || (a.id < b.id ? -1 : 1))
  cached.set(servers, requests)
  return requests
}

/** How often a pattern asks, each time with all its streams. */
export function timesOfPattern({ at, every, until }: RigPattern): number {
  if (every === undefined || until === undefined) return 1
  return Math.max(1, Math.ceil((durationMs(until) - durationMs(at)) / durationMs(every)))
}

/** What a model takes for a token while it writes so many answers at once. */
export function joulesPerToken({ outputJ }: RigModel, streams: number): number {
  if (typeof outputJ === 'number') return outputJ
  return (outputJ.findLast(([from]) => from <= streams) ?? outputJ[0])?.[1] ?? 0
}

function requestsOf(server: RigServer, patternIndex: number): ServedRequest[] {
  const pattern = server.requests[patternIndex]
  const model = server.models.find(({ name }) => name === pattern?.model)
  if (pattern === undefined || model === undefined) return []
  const requests: ServedRequest[] = []
  for (let time = 0; time < timesOfPattern(pattern); time++) {
    const beginMs = durationMs(pattern.at) + time * (pattern.every === undefined ? 0 : durationMs(pattern.every))
    for (let stream = 0; stream < pattern.concurrency; stream++) {
      const number = time * pattern.concurrency + stream
      const promptTokens = within(pattern.promptTokens, noise(pattern.seed, number, 0))
      const cachedTokens = Math.min(pattern.cachedTokens, promptTokens)
      const outputTokens = writtenOf(pattern, within(pattern.outputTokens, noise(pattern.seed, number, 1)))
      const firstMs = beginMs + lengthMs(promptTokens - cachedTokens, model.promptTokensPerS)
      const endMs = firstMs + lengthMs(outputTokens, pattern.tokensPerS ?? model.tokensPerS)
      const id = [hex(server.port, 4), hex(patternIndex, 4), hex(number, 8)].join('')
      const isMetered = pattern.metered ?? server.metered
      requests.push({
        ...{ id, server, pattern, patternIndex, model, isMetered },
        ...{ beginMs, firstMs, endMs, promptTokens, cachedTokens, outputTokens },
      })
    }
  }
  return requests
}

function writtenOf({ ends, afterTokens }: RigPattern, wanted: number): number {
  if (ends === 'done') return wanted
  if (ends === 'failed') return 0
  return Math.min(wanted, afterTokens ?? Math.floor(wanted / 2))
}

function within(range: number | readonly [number, number], part: number): number {
  if (typeof range === 'number') return range
  return range[0] + Math.floor((range[1] - range[0] + 1) * part)
}

/** Whole milliseconds, and some where there is something to do: what takes no time could take no power. */
function lengthMs(tokens: number, perS: number): number {
  return tokens === 0 ? 0 : Math.max(1, Math.round((1_000 * tokens) / perS))
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0')
}
