import { linkSync, renameSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { ok, problem, type Result } from '../../contract/result.ts'
import { socketPath } from './address.ts'
import { ensurePrivateDir } from './private-dir.ts'
import { Sessions, type SessionsOptions } from './sessions.ts'

export type SocketFault = 'pathTooLong' | 'unsupported' | 'notWritable' | 'notPrivate' | 'engineRunning'

export type EngineSocket = {
  readonly path: string
  /** Connections that stand. */
  count(): number
  /** Says good-bye to every peer and removes the socket. */
  close(reason: string): Promise<void>
}

/** A peer that was told good-bye gets this long to read it. */
const LINGER_MS = 1_000
const CONNECT_MS = 2_000

/** Serves the contract on `engine.sock` in the data directory: directory 0700, socket 0600, never a TCP port. */
export async function listenOnSocket(
  dataDir: string,
  options: SessionsOptions,
): Promise<Result<EngineSocket, SocketFault>> {
  const path = socketPath(dataDir)
  if (!path.ok) return path
  const dir = ensurePrivateDir(dataDir)
  if (!dir.ok) return dir
  const sessions = new Sessions(options)
  const server = createServer((socket) => serve(socket, sessions))
  let fault = await bindPrivately(server, path.value)
  if (fault?.code === 'EADDRINUSE') {
    if (!(await removeStale(path.value))) return engineRunning(dataDir)
    fault = await bindPrivately(server, path.value)
  }
  if (fault?.code === 'EADDRINUSE') return engineRunning(dataDir)
  if (fault !== null) return problem('notWritable', `The socket ${path.value} cannot be made: ${fault.message}.`)
  server.on('error', (error) => options.onBug('socket', error))
  return ok({
    path: path.value,
    count: () => sessions.count,
    close: (reason) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      sessions.close(reason)
      return closed
    },
  })
}

/** `null` where the server listens. */
function bindPrivately(server: Server, path: string): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const settle = (fault: NodeJS.ErrnoException | null) => {
      server.removeAllListeners('error').removeAllListeners('listening')
      resolve(fault)
    }
    server.once('error', settle)
    server.once('listening', () => settle(null))
    // bind(2) happens within listen(), so the socket never exists with another mode than this one.
    const umask = process.umask(0o177)
    try {
      server.listen({ path })
    } finally {
      process.umask(umask)
    }
  })
}

function serve(socket: Socket, sessions: Sessions): void {
  const session = sessions.accept({
    send: (text) => {
      if (socket.writable) socket.write(text)
    },
    close: () => {
      socket.destroySoon()
      setTimeout(() => socket.destroy(), LINGER_MS).unref()
    },
    unreadBytes: () => socket.writableLength,
  })
  socket.on('data', (chunk) => session.receive(chunk))
  // A reset by the peer is followed by `close`, which says all that matters.
  socket.on('error', () => {})
  socket.on('close', () => session.lost())
}

/**
 * Removes the socket of an engine that died; `false` where one still answers. It is renamed before it is judged: of two
 * engines that start at once only one gets it, and one that came alive in between is put back.
 */
async function removeStale(path: string): Promise<boolean> {
  if (await answers(path)) return false
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch {
    return true // somebody else has removed it
  }
  const isAlive = await answers(aside)
  try {
    if (isAlive) linkSync(aside, path)
  } finally {
    unlinkSync(aside)
  }
  return !isAlive
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: CONNECT_MS })
    const settle = (isAlive: boolean) => {
      socket.destroy()
      resolve(isAlive)
    }
    socket.once('connect', () => settle(true))
    // A full backlog (EAGAIN) or no answer in time is a live engine that is busy or suspended.
    socket.once('timeout', () => settle(true))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle(!['ECONNREFUSED', 'ENOENT'].includes(error.code ?? '')),
    )
  })
}

function engineRunning(dataDir: string): Result<never, 'engineRunning'> {
  return problem('engineRunning', `Another Perwatt engine already serves the data directory ${dataDir}.`)
}
