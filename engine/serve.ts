import { ok, type Result } from '../contract/result.ts'
import type { Host } from './host/host.ts'
import { type EngineFault, type EngineOptions, startEngine } from './index.ts'
import { ensurePrivateDir } from './socket/private-dir.ts'
import { listenOnSocket, type SocketFault } from './socket/server.ts'

export type Serving = {
  readonly socketPath: string
  /** Resolves when somebody asked the engine to stop over the contract. */
  readonly stopAsked: Promise<void>
  /** Says good-bye to everybody who is attached, flushes and ends. */
  stop(reason: string): Promise<void>
}

export type ServeOptions = EngineOptions & {
  readonly dataDir: string
  readonly onBug: (where: string, error: unknown) => void
}

/** An engine that answers on the socket of its data directory: under the tray app and as `perwatt service` alike. */
export async function serveEngine(
  host: Host,
  options: ServeOptions,
): Promise<Result<Serving, EngineFault | SocketFault>> {
  // Before anything is put into it: a directory that is open to others may not be ours to close.
  const directory = ensurePrivateDir(options.dataDir)
  if (!directory.ok) return directory
  const started = await startEngine(host, options)
  if (!started.ok) return started
  const engine = started.value
  const socket = await listenOnSocket(options.dataDir, {
    served: engine,
    hello: {
      version: options.version,
      pid: host.selfPid ?? 0,
      startedS: Math.floor(host.clock.wallMs() / 1_000),
      protocol: 1,
    },
    onBug: options.onBug,
  })
  if (!socket.ok) {
    await engine.stop()
    return socket
  }
  return ok({
    socketPath: socket.value.path,
    stopAsked: engine.stopAsked,
    async stop(reason) {
      await socket.value.close(reason)
      await engine.stop()
    },
  })
}
