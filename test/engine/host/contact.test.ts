import fc from 'fast-check'
import { expect, test } from 'vitest'
import { realHost } from '../../../engine/host/real.ts'
import { METER_CERTIFICATE, OTHER_CERTIFICATE } from '../../support/certificates.ts'
import { fcOptions } from '../../support/counts.ts'
import { httpServer, httpsServer, tcpServer } from '../../support/loopback.ts'

test('an address that the user typed is asked, and what went over it is counted', async () => {
  const host = realHost()
  const address = await httpServer((request, response) => {
    response.setHeader('x-path', request.url ?? '').end(request.headers.authorization ?? 'nobody')
  })
  expect(host.traffic()).toEqual([])
  const contact = host.contact(address)
  expect(host.traffic()).toEqual([{ address, sentBytes: 0, receivedBytes: 0, answeredMs: null }])
  const answer = await contact.ask('/status?x=1', { headers: { authorization: 'Basic eA==' } })
  expect(answer).toMatchObject({
    ok: true,
    value: { status: 200, headers: { 'x-path': '/status?x=1' }, body: 'Basic eA==' },
  })
  const [traffic] = host.traffic()
  expect(traffic?.sentBytes).toBeGreaterThan(60)
  expect(traffic?.receivedBytes).toBeGreaterThan(60)
  expect(traffic?.answeredMs).toEqual(expect.any(Number))
  // The sum goes over all ways to one address, whoever opened them.
  await host.contact(address).ask('/')
  expect(host.traffic()).toHaveLength(1)
  expect(host.traffic()[0]?.sentBytes).toBeGreaterThan(traffic?.sentBytes ?? 0)
})

test('nothing but that address is asked: not by a path, and not by a redirect', async () => {
  const seen: string[] = []
  const elsewhere = await httpServer((request, response) => {
    seen.push(request.url ?? '')
    response.end('here')
  })
  const address = await httpServer((_, response) => response.writeHead(302, { location: elsewhere }).end())
  const contact = realHost().contact(address)
  expect(await contact.ask('/')).toMatchObject({ ok: false, code: 'redirected' })
  for (const path of [elsewhere, `//${elsewhere.slice(7)}/`, `\\\\${elsewhere.slice(7)}/`, 'status', '', '@127.0.0.1/'])
    expect(await contact.ask(path)).toMatchObject({ ok: false, code: 'refused' })
  expect(seen).toEqual([])
})

test('addresses with more than scheme, host and port are refused, and their secrets are not repeated', async () => {
  const host = realHost()
  for (const address of [
    'http://admin:hunter2@127.0.0.1',
    'http://127.0.0.1/path',
    'http://127.0.0.1?x=1',
    'tcp://127.0.0.1',
    'file:///etc/passwd',
    'ftp://127.0.0.1',
    '127.0.0.1',
    '',
  ]) {
    const answer = await host.contact(address).ask('/')
    expect(answer).toMatchObject({ ok: false, code: 'refused' })
    expect(answer.ok ? '' : answer.reason).not.toContain('hunter2')
  }
  expect(host.traffic()).toEqual([])
})

test('an answer over 1 MB is refused, whatever length it promised', async () => {
  const address = await httpServer((_, response) => {
    for (let part = 0; part < 100; part++) response.write('x'.repeat(100_000))
    response.end()
  })
  expect(await realHost().contact(address).ask('/')).toMatchObject({ ok: false, code: 'tooLarge' })
})

test('silence ends in time, and closing breaks off what is under way', async () => {
  const address = await httpServer(() => {})
  const host = realHost()
  const silent = await host.contact(address).ask('/secret?password=hunter2', { timeoutMs: 50 })
  expect(silent).toEqual({
    ok: false,
    code: 'timeout',
    reason: `${address} did not answer within 50 ms.`,
    remedy: null,
  })
  const contact = host.contact(address)
  const pending = contact.ask('/', { timeoutMs: 60_000 })
  contact.close()
  expect(await pending).toMatchObject({ ok: false, code: 'broken' })
  expect(await contact.ask('/')).toMatchObject({ ok: false, code: 'refused' })
})

test('an answer that stops half way, a server that hangs up and one that is not there are told apart from an answer', async () => {
  const half = await tcpServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'))
  })
  const hangUp = await tcpServer((socket) => socket.destroy())
  const garbage = await tcpServer((socket) => socket.end('SSH-2.0-dropbear\r\n'))
  const host = realHost()
  for (const address of [half, hangUp, garbage])
    expect(await host.contact(address.replace('tcp', 'http')).ask('/')).toMatchObject({ ok: false, code: 'broken' })
  expect(await host.contact('http://127.0.0.1:1').ask('/')).toMatchObject({ ok: false, code: 'refused' })
})

test('a secret cannot break out of its header', async () => {
  const address = await httpServer((_, response) => response.end())
  const contact = realHost().contact(address)
  for (const secret of ['a\r\nhost: evil', 'ключ', '\u0000'])
    expect(await contact.ask('/', { headers: { authorization: `Bearer ${secret}` } })).toMatchObject({
      ok: false,
      code: 'refused',
    })
})

test('lines over TCP are taken until they are whole, and no longer than 1 MB', async () => {
  const address = await tcpServer((socket) => {
    socket.once('data', (question) => {
      socket.write(String(question))
      setTimeout(() => socket.write('END\n'), 5)
    })
  })
  const contact = realHost().contact(address)
  expect(await contact.exchange('HELLO\n', (text) => text.endsWith('END\n'))).toEqual({
    ok: true,
    value: 'HELLO\nEND\n',
  })
  expect(await contact.ask('/')).toMatchObject({ ok: false, code: 'refused' })
  expect(await contact.certificate()).toMatchObject({ ok: false, code: 'refused' })
  const endless = await tcpServer((socket) => {
    const more = () => {
      while (socket.writable && socket.write('x'.repeat(65_536)));
    }
    socket.on('drain', more)
    more()
  })
  expect(
    await realHost()
      .contact(endless)
      .exchange('', () => false),
  ).toMatchObject({ ok: false, code: 'tooLarge' })
})

test('a certificate that nobody vouches for is told, and refused until it is pinned', async () => {
  let asked = 0
  const address = await httpsServer(METER_CERTIFICATE, (_, response) => {
    asked++
    response.end('secure')
  })
  const host = realHost()
  expect(await host.contact(address).certificate()).toEqual({
    ok: true,
    value: { sha256: METER_CERTIFICATE.sha256, isTrusted: false },
  })
  expect(await host.contact(address).ask('/')).toMatchObject({ ok: false, code: 'untrusted' })
  expect(asked).toBe(0)
  const pinned = host.contact(address, { certificateSha256: METER_CERTIFICATE.sha256 })
  expect(await pinned.ask('/')).toMatchObject({ ok: true, value: { body: 'secure' } })
})

test('another certificate than the pinned one is refused before anything is sent', async () => {
  let asked = 0
  const address = await httpsServer(OTHER_CERTIFICATE, (_, response) => {
    asked++
    response.end()
  })
  const contact = realHost().contact(address, { certificateSha256: METER_CERTIFICATE.sha256 })
  const answer = await contact.ask('/', { headers: { authorization: 'Bearer secret' } })
  expect(answer).toMatchObject({ ok: false, code: 'untrusted' })
  expect(asked).toBe(0)
})

test('whatever a server sends is an answer or a problem, never an exception', async () => {
  let bytes: Uint8Array = new Uint8Array()
  const address = await tcpServer((socket) => socket.once('data', () => socket.end(bytes)))
  const contact = realHost().contact(address.replace('tcp', 'http'))
  const start = fc.constantFrom(
    '',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 101 X\r\nupgrade: y\r\nconnection: upgrade\r\n\r\n',
  )
  await fc.assert(
    fc.asyncProperty(start, fc.uint8Array({ maxLength: 200 }), async (beginning, rest) => {
      bytes = Buffer.concat([Buffer.from(beginning), rest])
      const answer = await contact.ask('/', { timeoutMs: 500 })
      expect(answer.ok || answer.reason.startsWith('http://127.0.0.1:')).toBe(true)
    }),
    fcOptions('contact', 40, 2_000),
  )
})
