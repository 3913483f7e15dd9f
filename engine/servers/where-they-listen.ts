import type { Host } from '../host/host.ts'
import { foreignListeners } from './foreign-listeners.ts'
import { listeningPorts, loopbackOrigin } from './listening.ts'

export type Place = { readonly pid: number; readonly origin: string }

/**
 * Where these processes answer. By their sockets; where this system does not show them, on the ports that they listen on unless told otherwise.
 * A process that listens on both loopbacks with one port is one server, and has one place.
 */
export function whereTheyListen(host: Host, portsByPid: ReadonlyMap<number, readonly number[]>): readonly Place[] {
  if (host.platform !== 'linux')
    return [...portsByPid].flatMap(([pid, ports]) => ports.map((port) => ({ pid, origin: `http://127.0.0.1:${port}` })))
  const seen = new Set<string>()
  const listening = listeningPorts(host.files, [...portsByPid.keys()])
  return [...listening, ...foreignListeners(host.files, portsByPid)].flatMap(({ pid, ...listening }) => {
    const origin = loopbackOrigin(listening)
    const key = `${pid}:${listening.port}`
    if (origin === null || seen.has(key)) return []
    seen.add(key)
    return [{ pid, origin }]
  })
}
