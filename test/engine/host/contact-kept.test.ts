import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { realHost } from '../../../engine/host/real.ts'
import { METER_CERTIFICATE } from '../../support/certificates.ts'
import { httpServer, httpsServer, tcpServer } from '../../support/loopback.ts'

/** A server that takes each question as one piece, and answers by the number of the connection and of the question on it. */
async function counting(answer: (socket: Socket, connection: number, question: number) => void) {
  const connections: Socket[] = []
  const address = await tcpServer((socket) => {
    const connection = connections.push(socket)
    let question = 0
    socket.on('data', () => answer(socket, connection, ++question))
  })
  return { address: address.replace('tcp', 'http'), connections }
}

function say(socket: Socket, body: string): void {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
}

test('a connection is kept for the next question, encrypted or not, and what goes over it is counted', async () => {
  const ports = new Set<number | undefined>()
  const listener: Parameters<typeof httpServer>[0] = (request, response) => {
    ports.add(request.socket.remotePort)
    response.end('here')
  }
  const [plain, secure] = [await httpServer(listener), await httpsServer(METER_CERTIFICATE, listener)]
  const host = realHost()
  const options = { certificateSha256: METER_CERTIFICATE.sha256 }
  for (const contact of [host.contact(plain), host.contact(secure, options)]) {
    for (let question = 0; question < 3; question++)
      expect(await contact.ask('/')).toMatchObject({ ok: true, value: { body: 'here' } })
    contact.close()
  }
  expect(ports.size).toBe(2)
  const [traffic] = host.traffic()
  const perQuestion = (traffic?.sentBytes ?? 0) / 3
  expect(perQuestion).toBeGreaterThan(20)
  expect(Number.isInteger(perQuestion)).toBe(true)
})

test('a connection that the server closed or reset meanwhile is no answer: the question goes to a new one', async () => {
  for (const end of ['end', 'resetAndDestroy'] as const) {
    const { address, connections } = await counting((socket, connection, question) => {
      if (connection === 1 && question === 2) socket[end]()
      else say(socket, `${connection}.${question}`)
    })
    const contact = realHost().contact(address)
    expect(await contact.ask('/')).toMatchObject({ value: { body: '1.1' } })
    expect(await contact.ask('/')).toMatchObject({ value: { body: '2.1' } })
    expect(await contact.ask('/')).toMatchObject({ value: { body: '2.2' } })
    expect(connections).toHaveLength(2)
    contact.close()
  }
})

test('a server that breaks off in its answer is broken, and is not asked twice', async () => {
  let asked = 0
  const { address } = await counting((socket, _, question) => {
    asked++
    if (question === 1) say(socket, 'whole')
    else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')
  })
  const contact = realHost().contact(address)
  expect(await contact.ask('/')).toMatchObject({ ok: true })
  expect(await contact.ask('/')).toMatchObject({ ok: false, code: 'broken' })
  expect(asked).toBe(2)
  contact.close()
})

test('what changes something is only ever sent on a new connection, and once', async () => {
  const { address, connections } = await counting((socket, connection) => {
    if (connection < 3) say(socket, String(connection))
    else socket.destroy()
  })
  const contact = realHost().contact(address)
  expect(await contact.ask('/')).toMatchObject({ value: { body: '1' } })
  expect(await contact.ask('/', { method: 'POST', body: 'x' })).toMatchObject({ value: { body: '2' } })
  expect(await contact.ask('/', { method: 'POST', body: 'x' })).toMatchObject({ ok: false, code: 'broken' })
  expect(connections).toHaveLength(3)
  contact.close()
})

test('two questions at once go over two connections, and one that was silent too long is given up', async () => {
  const { address, connections } = await counting((socket, connection, question) => {
    if (question === 1) say(socket, String(connection))
  })
  const contact = realHost().contact(address)
  const both = await Promise.all([contact.ask('/'), contact.ask('/')])
  expect(both.map((answer) => answer.ok && answer.value.body).sort()).toEqual(['1', '2'])
  expect(await contact.ask('/', { timeoutMs: 50 })).toMatchObject({ ok: false, code: 'timeout' })
  expect(await contact.ask('/')).toMatchObject({ ok: true, value: { body: '3' } })
  expect(connections).toHaveLength(3)
  contact.close()
})

test('a server that speaks without being asked is not listened to, and closing ends what is kept', async () => {
  const ended = Promise.withResolvers<void>()
  const { address, connections } = await counting((socket, connection) => {
    if (connection === 1) {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil')
      return
    }
    say(socket, String(connection))
    socket.on('close', () => ended.resolve())
  })
  const contact = realHost().contact(address)
  expect(await contact.ask('/')).toMatchObject({ ok: true, value: { body: '1' } })
  expect(await contact.ask('/')).toMatchObject({ ok: true, value: { body: '2' } })
  contact.close()
  await ended.promise
  expect(connections).toHaveLength(2)
})
