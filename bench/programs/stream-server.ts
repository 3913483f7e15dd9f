import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { z } from 'zod'
import { serveOrders } from './serve-orders.ts'
import { nowMs, type ServerAnswer, ServerOrder, STAMP } from './stream-orders.ts'

/** Answers each request with a stream of pieces, as a model server does, and computes nothing. */

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const BEFORE = 'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"m",'
const AFTER = '"choices":[{"index":0,"delta":{"content":" word"}}]}\n\n'
const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":200}}\n\ndata: [DONE]\n\n'

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

function piece(): string {
  return chunk(`${BEFORE}${STAMP}${nowMs().toFixed(3)},${AFTER}`)
}

const LAST = `${chunk(USAGE)}0\r\n\r\n`
/** A busy server’s loop writes what has gathered since its last turn. */
const CHUNKS_AT_ONCE = 25

function writeBursts(socket: Socket, chunks: number): void {
  let count = 0
  const turn = () => {
    const now = Math.min(CHUNKS_AT_ONCE, chunks - count)
    count += now
    const isLast = count >= chunks
    socket.write(`${count === now ? HEAD : ''}${piece().repeat(now)}${isLast ? LAST : ''}`)
    if (!isLast) setImmediate(turn)
  }
  turn()
}

function stream(socket: Socket, { chunks, apartMs }: z.infer<typeof ServerOrder>): void {
  if (apartMs === 0) {
    writeBursts(socket, chunks)
    return
  }
  socket.write(HEAD)
  let count = 0
  const timer = setInterval(() => {
    socket.write(piece())
    if (++count < chunks && !socket.destroyed) return
    clearInterval(timer)
    socket.write(LAST)
  }, apartMs)
}

serveOrders(ServerOrder, async (order): Promise<z.infer<typeof ServerAnswer>> => {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', () => stream(socket, order))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port }
})
