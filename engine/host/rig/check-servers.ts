import type { Mistake } from './check.ts'
import { checkWindow, isTooOften, TOO_OFTEN } from './check-load.ts'
import { durationMs } from './duration.ts'
import { holdingsOf } from './holdings.ts'
import type { JsonPath } from './json-lines.ts'
import { livesOf, sleepsOf } from './lives.ts'
import type { Rig } from './schema.ts'
import type { RigModel, RigPattern, RigServer } from './schema-servers.ts'
import { type ServedRequest, servedRequests, timesOfPattern } from './served.ts'
import { coreW, engineW, processOf, withServedLoads } from './served-load.ts'

const MOST_REQUESTS = 10_000

/** What the schema cannot say of servers, their models and their patterns of requests. */
export function checkServers(rig: Rig): Mistake[] {
  return rig.servers.flatMap((server, index): Mistake[] => {
    const at = (...path: JsonPath): JsonPath => ['servers', index, ...path]
    const own = checkServer(rig, server, at)
    if (own.length > 0) return own
    return [
      ...server.models.flatMap((model, place) => checkModel(rig, server, model, at('models', place))),
      ...server.requests.flatMap((pattern, place) => checkPattern(rig, server, pattern, at('requests', place))),
    ]
  })
}

type At = (...path: JsonPath) => JsonPath

function checkServer(rig: Rig, server: RigServer, at: At): Mistake[] {
  const process = rig.processes.find(({ name }) => name === server.process)
  if (server.process !== undefined && process === undefined)
    return [{ path: at('process'), expected: 'expected a process of the rig' }]
  const works = server.dialect !== undefined || server.models.length + server.requests.length > 0
  if (!works) return []
  if (process?.app === undefined) return [{ path: at('process'), expected: 'expected a process with an app' }]
  if (server.app !== undefined && server.app !== process.app)
    return [{ path: at('app'), expected: `expected the app of its process, ${process.app}` }]
  return server.dialect === undefined
    ? [{ path: at('dialect'), expected: 'expected a dialect beside models and requests' }]
    : []
}

function checkModel(rig: Rig, server: RigServer, model: RigModel, path: JsonPath): Mistake[] {
  const mistake = (field: string, expected: string): Mistake => ({ path: [...path, field], expected })
  const all = rig.servers.flatMap((one) => one.models.map((other) => ({ server: one, model: other })))
  const before = all.slice(
    0,
    all.findIndex((one) => one.model === model),
  )
  const app = rig.processes.find(({ name }) => name === server.process)?.app
  const isTwin = before.some(
    (one) =>
      one.model.name === model.name && rig.processes.find(({ name }) => name === one.server.process)?.app === app,
  )
  if (isTwin) return [mistake('name', 'expected each name once in an app')]
  if (!isInOrder(model)) return [mistake('outputJ', 'expected numbers of streams in order, from 1 on')]
  const name = processOf(server, model)
  if (name === null) return []
  const process = rig.processes.find((one) => one.name === name)
  if (process === undefined || process.app !== app)
    return [mistake('process', 'expected a process of the rig with the app of its server')]
  if (before.some((one) => processOf(one.server, one.model) === name))
    return [mistake('process', `expected a process of its own: "${name}" holds another model`)]
  const windows = model.loaded === undefined ? [] : checkWindow(rig, model.loaded, [...path, 'loaded'])
  if (windows.length > 0) return windows
  if (model.on === 'cpu') return checkDraws(rig, model, name, 1, mistake)
  if (rig.gpus.length === 0) return [mistake('on', 'expected "cpu": the rig has no gpus')]
  if (process.gpuMemoryBytes !== undefined)
    return [mistake('memoryBytes', `expected "${name}" to declare no gpuMemoryBytes beside it`)]
  return checkDraws(rig, model, name, model.cpuRatio, mistake)
}

function isInOrder({ outputJ }: RigModel): boolean {
  if (typeof outputJ === 'number') return true
  return outputJ.every(([streams], index) => (index === 0 ? streams === 1 : streams > (outputJ[index - 1]?.[0] ?? 0)))
}

/** Joules need a card or cores that draw something more when they are busy. */
function checkDraws(
  rig: Rig,
  model: RigModel,
  name: string,
  cpuPart: number,
  mistake: (field: string, expected: string) => Mistake,
): Mistake[] {
  // With what the model holds: by that it is known which card is its.
  const process = withServedLoads({
    ...rig,
    servers: rig.servers.map((one) => ({ ...one, requests: [] })),
  }).processes.find((one) => one.name === name)
  if (process === undefined) return []
  if (cpuPart > 0 && coreW(rig, process) === 0)
    return [mistake(model.on === 'cpu' ? 'on' : 'cpuRatio', 'expected a domain with wattsPerCore')]
  return cpuPart < 1 && engineW(rig, process) === 0 ? [mistake('on', 'expected a card with wattsPerEngine')] : []
}

function checkPattern(rig: Rig, server: RigServer, pattern: RigPattern, path: JsonPath): Mistake[] {
  const mistake = (field: string, expected: string): Mistake[] => [{ path: [...path, field], expected }]
  const { model, every, until, at, user, by, client, ends, afterTokens } = pattern
  if (!server.models.some(({ name }) => name === model)) return mistake('model', 'expected a model of this server')
  if ((every === undefined) !== (until === undefined)) return mistake('every', 'expected every and until together')
  if (every !== undefined && isTooOften(rig, every)) return mistake('every', TOO_OFTEN)
  if (until !== undefined && durationMs(until) <= durationMs(at)) return mistake('until', 'expected a time after at')
  for (const field of ['promptTokens', 'outputTokens'] as const) {
    const range = pattern[field]
    if (typeof range !== 'number' && range[0] > range[1]) return mistake(field, 'expected [fewest, most]')
  }
  if (client !== undefined && !rig.processes.some(({ name }) => name === client))
    return mistake('client', 'expected a process of the rig')
  if (user !== undefined && by === 'account' && rig.users[user] === undefined)
    return mistake('user', 'expected one of users, or by "key" or "name"')
  if (user === undefined && by !== 'account') return mistake('user', 'expected whose key or name it is')
  return afterTokens !== undefined && ends !== 'aborted' ? mistake('afterTokens', 'expected ends "aborted"') : []
}

/** So many that every look at all of them stays short. */
export function checkRequestNumbers(rig: Rig): Mistake[] {
  const all = rig.servers.flatMap(({ requests }) => requests)
  const sum = all.reduce((total, pattern) => total + timesOfPattern(pattern) * pattern.concurrency, 0)
  if (sum <= MOST_REQUESTS) return []
  return [{ path: ['servers'], expected: `expected at most ${MOST_REQUESTS} requests, but their patterns make ${sum}` }]
}

/** Truth rests on every request being served from its beginning to its end. */
export function checkRequests(rig: Rig): Mistake[] {
  const played = withServedLoads(rig)
  const lives = livesOf(played)
  const sleeps = sleepsOf(rig)
  const endMs = durationMs(rig.duration)
  for (const request of servedRequests(rig)) {
    const expected = expectedOf(request)
    if (expected === null) continue
    const index = rig.servers.indexOf(request.server)
    return [{ path: ['servers', index, 'requests', request.patternIndex, 'at'], expected }]
  }
  return []

  function expectedOf({ server, model, beginMs, endMs: doneMs }: ServedRequest): string | null {
    const when = `but one lasts from ${beginMs / 1_000} s to ${doneMs / 1_000} s`
    if (doneMs > endMs) return `expected all requests to end within the rig’s duration, ${when}`
    if (sleeps.some(({ fromMs, toMs }) => beginMs < toMs && doneMs > fromMs))
      return `expected no request while the machine sleeps, ${when}`
    const isServed =
      isHeld(server.process ?? null, beginMs, doneMs) && isHeld(processOf(server, model), beginMs, doneMs)
    const isOpen =
      beginMs >= durationMs(server.from) && (server.until === undefined || doneMs <= durationMs(server.until))
    return isServed && isOpen ? null : `expected its server and its model to be there for all requests, ${when}`
  }

  function isHeld(name: string | null, fromMs: number, toMs: number): boolean {
    if (name === null) return true
    return lives
      .filter(({ spec }) => spec.name === name)
      .flatMap((life) => holdingsOf(played, life))
      .some((held) => held.fromMs <= fromMs && held.toMs >= toMs)
  }
}
