import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { quantile } from '../statistics.ts'
import { serveOrders } from './serve-orders.ts'
import { type ClientAnswer, ClientOrder, nowMs, STAMP } from './stream-orders.ts'

/** So many clients, each with one connection on which it asks again as soon as it has its answer. */

const BODY = '{"model":"m","stream":true,"messages":[{"role":"user","content":"why"}]}'
const HEAD = 'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
const REQUEST = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`
const END = Buffer.from('0\r\n\r\n')

type Seen = { requests: number; chunks: number; firstMs: number[]; delaysMs: number[] }

async function client(port: number, untilMs: number, seen: Seen): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  // The first request of a connection pays for its other half, which every client pays once.
  const warm: Seen = { requests: 0, chunks: 0, firstMs: [], delaysMs: [] }
  await ask(socket, warm)
  seen.chunks += warm.chunks
  while (nowMs() < untilMs) await ask(socket, seen)
  socket.destroy()
}

function ask(socket: Socket, seen: Seen): Promise<void> {
  return new Promise((resolve, reject) => {
    const sentMs = nowMs()
    let isFirst = true
    const onData = (bytes: Buffer) => {
      const atMs = nowMs()
      if (isFirst) seen.firstMs.push(atMs - sentMs)
      isFirst = false
      readStamps(bytes, atMs, seen)
      if (!bytes.subarray(-END.length).equals(END)) return
      seen.requests++
      socket.off('data', onData)
      socket.off('close', reject)
      resolve()
    }
    socket.on('data', onData)
    socket.once('close', reject)
    socket.write(REQUEST)
  })
}

/** The last stamp of each read: the delay of those before it is the reader's own. */
function readStamps(bytes: Buffer, atMs: number, seen: Seen): void {
  const at = bytes.lastIndexOf(STAMP)
  if (at < 0) return
  seen.chunks++
  seen.delaysMs.push(atMs - Number.parseFloat(bytes.toString('latin1', at + STAMP.length, at + STAMP.length + 20)))
}

serveOrders(ClientOrder, async ({ port, streams, forMs }): Promise<ClientAnswer> => {
  const seen: Seen = { requests: 0, chunks: 0, firstMs: [], delaysMs: [] }
  const beganMs = nowMs()
  await Promise.all(Array.from({ length: streams }, () => client(port, beganMs + forMs, seen)))
  const both = (values: readonly number[]) => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) })
  return {
    requestsPerS: (seen.requests * 1_000) / (nowMs() - beganMs),
    chunks: seen.chunks,
    firstByteMs: both(seen.firstMs),
    delayMs: seen.delaysMs.length === 0 ? null : both(seen.delaysMs),
  }
})
