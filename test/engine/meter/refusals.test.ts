import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { MAX_HEAD_BYTES } from '../../../engine/meter/http-reader.ts'
import { startMeter } from '../../../engine/meter/meter.ts'
import { runningMeters } from '../../../engine/meter/running-meters.ts'
import { fixture } from './answers.ts'
import { answer, answering, dataDir, engine, meter, post, server, talk } from './rig.ts'

const CHAT = '/v1/chat/completions'
const reply = answer(fixture('openai/chat-n2.json'))

describe('a request that is refused never reaches the server, and the others go on:', () => {
  test.each([
    ['smuggling', 400, `POST ${CHAT} HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a bad chunk size', 400, `POST ${CHAT} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`],
    ['a head bomb', 400, `GET / HTTP/1.1\r\nX: ${'a'.repeat(MAX_HEAD_BYTES)}`],
    ['many fields', 400, `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(20_000)}`],
    ['HTTP/2 at once', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TLS', 400, Buffer.from('1603010200010001fc0303aabbccddeeff0d0a0d0a', 'hex').toString('latin1')],
  ])('%s', async (_, status, text) => {
    const seen: string[] = []
    const port = await server((socket) => {
      socket.on('data', (bytes) => seen.push(bytes.toString('latin1')))
      answering(reply, { mark: 'good' })(socket)
    })
    const through = await meter(port, dataDir())
    const bad = await talk(through.port, [Buffer.from(text, 'latin1')], { end: false })
    expect(bad.bytes.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\\r\\n\\r\\n\\{.*\\}$`, 's'))
    expect(bad.ending).toBe('end')
    expect(seen.join('')).not.toMatch(/0\r\n\r\n|xyz|aaaa|PRI/)
    const good = await talk(through.port, [post(CHAT, '"good"')])
    expect(good.bytes.equals(reply)).toBe(true)
  })

  test('a smuggled request behind a good one: the good one is answered first', async () => {
    const through = await meter(await server(answering(reply, { mark: 'good' })), dataDir())
    const asked = Buffer.concat([post(CHAT, '"good"'), Buffer.from('GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n')])
    const { bytes } = await talk(through.port, [asked], { end: false })
    expect(bytes.subarray(0, reply.length).equals(reply)).toBe(true)
    expect(bytes.subarray(reply.length).toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  test('a head that comes too slowly; a body may take its time', async () => {
    const through = await meter(await server(answering(reply, { mark: 'good' })), dataDir(), { headTimeoutMs: 100 })
    const slow = await talk(through.port, ['GET / HT'], { end: false })
    expect(slow.bytes.toString()).toMatch(/^HTTP\/1\.1 408 /)
    const socket = connect(through.port, '127.0.0.1')
    const asked = post(CHAT, '"good"')
    socket.write(asked.subarray(0, asked.length - 3))
    // As long as another slow head is waited for.
    await talk(through.port, ['GET / HT'], { end: false })
    socket.write(asked.subarray(asked.length - 3))
    const seen = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    expect(seen.toString()).toMatch(/^HTTP\/1\.1 200 /)
    socket.destroy()
  })
})

describe('a meter does not start', () => {
  const options = { allowsRemote: false, key: null, addsHeaders: false, webUiSecret: null }

  test.each([
    ['in front of itself', 'http://127.0.0.1:11777', '11777', 'isItself'],
    ['in front of itself by another name', 'http://localhost:11777', '127.0.0.1:11777', 'isItself'],
    ['where others reach it, without a key', 'http://127.0.0.1:9', '0.0.0.0:0', 'needsKey'],
    ['for https', 'https://example.org', '0', 'badAddress'],
    ['for a path', 'http://127.0.0.1:1/v1', '0', 'badAddress'],
    ['for words', 'ollama', '0', 'badAddress'],
    ['on words', 'http://127.0.0.1:1', 'here', 'badInput'],
    ['on a port that is none', 'http://127.0.0.1:1', '70000', 'badInput'],
  ])('%s', async (_, target, listen, code) => {
    expect(await startMeter({ ...options, target, listen, dataDir: dataDir() })).toMatchObject({ ok: false, code })
  })

  test('in front of another meter, where requests would be counted twice; nor on a port that is taken', async () => {
    const dir = dataDir()
    const first = await meter(await server(() => {}), dir)
    const second = { ...options, dataDir: dir }
    const before = runningMeters(dir)
    expect(before).toMatchObject([{ pid: process.pid, port: first.port, target: first.target }])
    expect(await startMeter({ ...second, target: `http://127.0.0.1:${first.port}`, listen: '0' })).toMatchObject({
      code: 'isMeter',
    })
    expect(await startMeter({ ...second, target: 'http://127.0.0.1:9', listen: String(first.port) })).toMatchObject({
      code: 'portInUse',
    })
    await first.stop(0)
    expect(runningMeters(dir)).toEqual([])
  })
})

test('two meters that cannot know of each other and lead to each other end, and not the machine', async () => {
  const first = await meter(await freePort(), dataDir(), { mostConnections: 20 })
  const port = Number(new URL(first.target).port)
  await meter(first.port, dataDir(), { listen: String(port), mostConnections: 20 })
  const { bytes, ending } = await talk(first.port, [post(CHAT, '{}')], { end: false })
  expect(ending).not.toBe('left')
  expect(bytes.toString()).not.toMatch(/ 200 /)
})

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const address = taken.address()
  await new Promise((resolve) => taken.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

test('a meter on another address of this machine may have the port of its target', async () => {
  const port = await server(answering(reply, { mark: 'good' }))
  const through = await meter(port, dataDir(), { listen: `127.0.0.2:${port}` })
  expect(through.listen).toBe(`127.0.0.2:${port}`)
})

test('other machines come in with the key alone, which is compared whole and names nobody', async () => {
  const dir = dataDir()
  const told = await engine(dir)
  const key = 'a-long-key-of-the-meter'
  const through = await meter(await server(answering(reply, { mark: 'good' })), dir, {
    listen: '0.0.0.0:0',
    allowsRemote: true,
    key,
  })
  for (const fields of [
    [],
    ['Authorization: Bearer wrong'],
    [`Authorization: Bearer ${key}x`],
    ['x-api-key: ollama'],
  ]) {
    const { bytes } = await talk(through.port, [post(CHAT, '"good"', fields)], { end: false })
    expect(bytes.toString()).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
  }
  for (const field of [`authorization: bearer ${key}`, `X-API-Key: ${key}`]) {
    expect((await talk(through.port, [post(CHAT, '"good"', [field])])).bytes.equals(reply)).toBe(true)
  }
  await vi.waitFor(() => expect(told.events.filter(({ type }) => type === 'end')).toHaveLength(2))
  const asked = told.events.flatMap((event) => (event.type === 'begin' ? [event.asker.keyHash] : []))
  expect(asked).toEqual([null, null])
})

test('prompts, answers, keys and names are nowhere in what is reported or written', async () => {
  const dir = dataDir()
  const told = await engine(dir)
  const body = Buffer.from(
    `data: {"choices":[{"delta":{"content":"CANARY-ANSWER"}}]}\n\ndata: {"error":"CANARY-ERROR","choices":[]}\n\n`,
  )
  const port = await server(answering(answer(body, { type: 'text/event-stream', chunks: [30] }), { mark: '"stop"}' }))
  const through = await meter(port, dir)
  const asked =
    '{"messages":[{"content":"CANARY-PROMPT"}],"user":"CANARY-USER","metadata":{"x":"CANARY-META"},"end":"stop"}'
  const fields = ['Authorization: Bearer CANARY-KEY', 'X-OpenWebUI-User-Email: CANARY@example.org']
  await talk(through.port, [post(`${CHAT}?key=CANARY-QUERY`, asked, fields)])
  await talk(through.port, ['POST /CANARY HTTP/1.1\r\nContent-Length: CANARY\r\n\r\n'], { end: false })
  await vi.waitFor(() => expect(told.events.map(({ type }) => type)).toContain('end'))
  expect(JSON.stringify(told.events)).not.toMatch(/CANARY/i)
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(1)
  for (const file of files) {
    const path = join(file.parentPath, file.name)
    expect(readFileSync(path, 'latin1')).not.toMatch(/CANARY/i)
    expect((statSync(path).mode & 0o077).toString(8), path).toBe('0')
  }
})

test('a spoilt identity key is not replaced, and one that is open to others is closed', async () => {
  const dir = dataDir()
  const path = join(dir, 'identity.key')
  const options = {
    target: 'http://127.0.0.1:9',
    listen: '0',
    dataDir: dir,
    allowsRemote: false,
    key: null,
    addsHeaders: false,
    webUiSecret: null,
  }
  mkdirSync(join(dir, 'meters'), { recursive: true })
  writeFileSync(path, 'spoilt', { mode: 0o600 })
  expect(await startMeter(options)).toMatchObject({
    ok: false,
    code: 'denied',
    remedy: { argv: ['mv', path, `${path}.unreadable`] },
  })
  writeFileSync(path, 'ab'.repeat(32), { mode: 0o644 })
  await (await meter(9, dir)).stop(0)
  expect(readFileSync(path, 'utf8')).toBe('ab'.repeat(32))
  expect(existsSync(join(dir, 'meters', '9.json'))).toBe(false)
})
