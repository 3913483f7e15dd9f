import { ok, problem, type Result } from '../../../contract/result.ts'
import type { HttpAnswer, HttpFault } from '../host.ts'
import { dialects } from './dialects.ts'
import { durationMs } from './duration.ts'
import { holdingsOf } from './holdings.ts'
import type { Machine } from './machine.ts'
import type { RigServer } from './schema-servers.ts'
import { processOf } from './served-load.ts'
import { ServerState } from './server-state.ts'
import { listenerOf } from './socket-branch.ts'

/** A rig's servers, as they answer on loopback. */
export interface Serving {
  answer(url: string, method: string): Result<HttpAnswer, HttpFault>
}

export function servingOf(machine: Machine, catchUp: () => number): Serving {
  const { rig } = machine
  const states = new Map(rig.servers.map((server) => [server, new ServerState(rig, server)]))
  const bootedWallMs = Date.parse(rig.start) - durationMs(rig.uptime)

  /** Loaded now. What is computed elsewhere is there as long as its server. */
  function heldBy(server: RigServer) {
    return server.models.flatMap((model) => {
      const name = processOf(server, model)
      if (name === null) return [{ model, untilWallMs: null }]
      const process = [...machine.living().values()].find(({ spec, phase }) => spec.name === name && phase === 'alive')
      if (process === undefined) return []
      const life = { ...process, pid: process.givenPid }
      const held = holdingsOf(rig, life).find(({ fromMs, toMs }) => machine.atMs >= fromMs && machine.atMs < toMs)
      if (held === undefined) return []
      const isLasting = held.toMs === Number.POSITIVE_INFINITY
      return [{ model, untilWallMs: isLasting ? null : Date.parse(rig.start) + held.toMs }]
    })
  }

  function serverAt(port: string): RigServer | undefined {
    return rig.servers.find((server) => {
      if (String(server.port) !== port) return false
      if (server.process !== undefined) return listenerOf(machine, server) !== null
      const isFrom = machine.atMs >= durationMs(server.from)
      return isFrom && (server.until === undefined || machine.atMs < durationMs(server.until))
    })
  }

  return {
    answer(url, method) {
      const nowMs = catchUp()
      const { port, pathname, search } = new URL(url)
      const spec = serverAt(port)
      if (spec === undefined) return problem('refused', `Nothing answers on port ${port}.`)
      const route = spec.routes[`${method} ${pathname}${search}`] ?? spec.routes[`${method} ${pathname}`]
      if (route !== undefined) {
        const body = typeof route.body === 'string' ? route.body : JSON.stringify(route.body)
        return ok({ status: route.status, headers: route.headers, body })
      }
      const state = states.get(spec)
      const listener = listenerOf(machine, spec)
      if (spec.dialect === undefined || method !== 'GET' || state === undefined || listener === null)
        return ok(NOT_FOUND)
      state.advance(nowMs)
      const startedS = Math.floor(bootedWallMs / 1_000 + listener.startTicks / 100)
      return ok(dialects[spec.dialect]({ spec, state, held: heldBy(spec), startedS }, pathname) ?? NOT_FOUND)
    },
  }
}

const NOT_FOUND: HttpAnswer = { status: 404, headers: {}, body: '' }
