import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { onTestFinished } from 'vitest'

/** Servers on loopback that end with their test; each gives its address. */
export async function httpServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  return `http://127.0.0.1:${await listen(server)}`
}

export async function httpsServer(certificate: { key: string; cert: string }, listener: RequestListener) {
  const server = createTlsServer(certificate, listener)
  return `https://127.0.0.1:${await listen(server)}`
}

export async function tcpServer(listener: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    listener(socket)
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  return `tcp://127.0.0.1:${await listen(server)}`
}

/** Like `tcpServer`, over TLS; what a client sent before it hung up is no fault. */
export async function tlsServer(
  certificate: { key: string; cert: string },
  listener: (socket: Socket) => void,
): Promise<string> {
  const server = createTls(certificate, (socket) => {
    socket.on('error', () => {})
    listener(socket)
    onTestFinished(() => void socket.destroy())
  })
  server.on('tlsClientError', () => {})
  return `tcp://127.0.0.1:${await listen(server)}`
}

async function listen(server: Server | TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
