import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import { serveOrders } from './serve-orders.ts'
import { type PeerAnswer, PeerOrder } from './stream-orders.ts'

/** What a proxy in Node usually is: `http.request` and `pipe`, nothing counted. */
serveOrders(PeerOrder, async ({ target }): Promise<z.infer<typeof PeerAnswer>> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1_000 })
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming
    const onward = request({ agent, host: '127.0.0.1', port: target, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port }
})
