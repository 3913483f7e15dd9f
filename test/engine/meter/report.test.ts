import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { MeterEvent, meteringContract } from '../../../contract/metering.ts'
import { fixture } from './answers.ts'
import { answer, answering, dataDir, engine, meter, meterProcess, post, server, talk } from './rig.ts'

const CHAT = '/v1/chat/completions'
const reply = answer(fixture('openai/chat-n2.json'))
const asked = post(CHAT, '{"model":"m","user":"u-17","end":"stop"}', ['Authorization: Bearer sk-person'])
const MARK = { mark: '"stop"}' }

test('a request is told as it begins, goes on and ends, in the shapes of the contract', async () => {
  const dir = dataDir()
  const told = await engine(dir)
  const stream = answer(fixture('ollama/v1-chat-stream-nousage.sse'), { type: 'text/event-stream', chunks: [500] })
  const go = Promise.withResolvers<void>()
  const port = await server((socket) => {
    socket.once('data', async () => {
      socket.write(stream.subarray(0, 1_000))
      await go.promise
      socket.end(stream.subarray(1_000))
    })
  })
  const through = await meter(port, dir)
  const talking = talk(through.port, [asked], { end: false })
  await vi.waitFor(() => expect(told.events.map(({ type }) => type)).toEqual(['begin', 'progress']), 5_000)
  go.resolve()
  await talking
  await vi.waitFor(() => expect(told.events.at(-1)?.type).toBe('end'), 5_000)
  for (const event of told.events) expect(MeterEvent.parse(event)).toEqual(event)
  const [begin, progress] = told.events
  const end = told.events.at(-1)
  expect(begin).toMatchObject({ endpoint: CHAT, asker: { uid: process.getuid?.(), pid: process.pid, exe: 'node' } })
  expect(begin?.type === 'begin' && [begin.asker.keyHash, begin.asker.personHash]).toEqual([
    expect.stringMatching(/^[0-9a-f]{12}$/),
    expect.stringMatching(/^[0-9a-f]{12}$/),
  ])
  expect(progress).toMatchObject({ id: begin?.id, model: 'llama3.2' })
  expect(end).toMatchObject({
    id: begin?.id,
    completionTokens: 10,
    tokensProvenance: 'estimate',
    promptTokens: null,
    status: 'done',
  })
  if (end?.type === 'end') expect(end.ttftMs ?? -1).toBeLessThanOrEqual(end.durationMs)
  expect(Object.keys(meteringContract)).toEqual(['meterReport'])
})

test('a client that came just after others were looked for is named with one of its next requests', async () => {
  const dir = dataDir()
  const told = await engine(dir)
  const through = await meter(await server(answering(reply, MARK)), dir)
  // Connects at once, and asks once more for each byte on its stdin.
  const asks = `
    const socket = require('node:net').connect(${through.port}, '127.0.0.1')
    socket.on('data', () => {})
    process.stdin.on('data', () => socket.write(Buffer.from('${asked.toString('base64')}', 'base64')))`
  const seen = () => told.events.flatMap((event) => (event.type === 'begin' ? [event.asker.pid] : []))
  for (let turn = 0; turn < 2; turn++) {
    const client = spawn(process.execPath, ['-e', asks], { stdio: ['pipe', 'ignore', 'inherit'] })
    onTestFinished(() => void client.kill('SIGKILL'))
    const isNamed = () => {
      client.stdin.write('.')
      expect(seen()).toContain(client.pid)
    }
    await vi.waitFor(isNamed, { timeout: 10_000, interval: 100 })
  }
})

test('without an engine the traffic flows, and the next engine is told what ended meanwhile', async () => {
  const dir = dataDir()
  const through = await meter(await server(answering(reply, MARK)), dir)
  for (let round = 0; round < 3; round++) expect((await talk(through.port, [asked])).bytes.equals(reply)).toBe(true)
  const told = await engine(dir)
  await vi.waitFor(
    () => expect(told.events.map(({ type }) => type)).toEqual(['begin', 'end', 'begin', 'end', 'begin', 'end']),
    8_000,
  )
}, 20_000)

test('an engine that comes anew is told of requests under way from their begin, and each end once', async () => {
  const dir = dataDir()
  const go = Promise.withResolvers<void>()
  const port = await server((socket) => {
    socket.once('data', async () => {
      await go.promise
      socket.end(reply)
    })
  })
  const through = await meterProcess(port, dir)
  const first = await engine(dir)
  const talking = talk(through.port, [asked], { end: false })
  await vi.waitFor(() => expect(first.events.map(({ type }) => type)).toContain('begin'), 5_000)
  await first.close()
  const second = await engine(dir)
  go.resolve()
  await talking
  await vi.waitFor(() => expect(second.events.at(-1)?.type).toBe('end'), 8_000)
  expect(second.events.filter(({ type }) => type === 'begin')).toEqual(
    first.events.filter(({ type }) => type === 'begin'),
  )
  expect(second.events.filter(({ type }) => type === 'end')).toHaveLength(1)
}, 20_000)

test('loading a model, and what no model answers, are no requests', async () => {
  const dir = dataDir()
  const told = await engine(dir)
  const load = answer(fixture('ollama/generate-load.json'))
  const through = await meter(await server(answering(load)), dir)
  await talk(through.port, [post('/api/generate', '{"model":"llama3.2"}')])
  await talk(through.port, ['GET /api/tags HTTP/1.1\r\n\r\n'])
  await talk(through.port, [post('/v1/messages/count_tokens', '{}')])
  await talk(through.port, [post(CHAT, '{}')])
  await vi.waitFor(() => expect(told.events.some(({ type }) => type === 'end')).toBe(true), 5_000)
  expect(new Set(told.events.flatMap((event) => (event.type === 'begin' ? [event.endpoint] : [])))).toEqual(
    new Set([CHAT]),
  )
})

test('with --headers the answer names its request, and its trailer the energy so far; else nothing is added', async () => {
  const dir = dataDir()
  const told = await engine(dir, 12_345)
  const stream = answer(fixture('ollama/v1-chat-stream-usage.sse'), { type: 'text/event-stream', chunks: [500] })
  const go: (() => void)[] = []
  const port = await server((socket) => {
    socket.on('data', async () => {
      for (const [from, to] of [
        [0, 700],
        [700, 1_000],
      ]) {
        socket.write(stream.subarray(from, to))
        await new Promise<void>((resolve) => go.push(resolve))
      }
      socket.end(stream.subarray(1_000))
    })
  })
  const through = await meter(port, dir, { addsHeaders: true })
  for (const te of [[], ['TE: trailers']]) {
    const begun = () => told.events.filter(({ type }) => type === 'begin').length
    const before = begun()
    const talking = talk(through.port, [post(CHAT, '{}', te)], { end: false })
    await vi.waitFor(() => expect([begun(), go.length]).toEqual([before + 1, 1]), 5_000)
    // A report waits for the answer to the one before it: with the next one the energy of this request is known.
    const reports = told.reports
    go.pop()?.()
    await vi.waitFor(() => expect([told.reports > reports, go.length]).toEqual([true, 1]), 5_000)
    go.pop()?.()
    const text = (await talking).bytes.toString('latin1')
    expect(text).toMatch(/\r\nx-perwatt-request: [0-9a-f]{16}\r\n/)
    const added =
      /x-perwatt-request: [0-9a-f]{16}\r\n|trailer: x-perwatt-energy-joules\r\n|x-perwatt-energy-joules: 12\.345\r\n/g
    expect(text.match(added)).toHaveLength(te.length === 0 ? 1 : 3)
    expect(
      text.endsWith(
        te.length === 0 ? '0\r\nX-Trailer: t\r\n\r\n' : '0\r\nx-perwatt-energy-joules: 12.345\r\nX-Trailer: t\r\n\r\n',
      ),
    ).toBe(true)
    expect(text.replace(added, '')).toBe(stream.toString('latin1'))
  }
}, 20_000)

test('a gate decides between two requests on one connection', async () => {
  const through = await meter(await server(answering(reply, MARK)), dataDir(), {
    gate: (head) => (head.target === CHAT ? null : { status: 429, message: 'the budget of today is used up' }),
  })
  const { bytes } = await talk(through.port, [asked, post('/v1/completions', '{"end":"stop"}')], { end: false })
  expect(bytes.subarray(0, reply.length).equals(reply)).toBe(true)
  expect(bytes.subarray(reply.length).toString()).toMatch(
    /^HTTP\/1\.1 429 Too Many Requests\r\n.*the budget of today is used up/s,
  )
})

test('Node’s own server and client see no difference: keep-alive, many at once, every answer its own', async () => {
  const dir = dataDir()
  const told = await engine(dir)
  const upstream = createServer((request, response) => {
    let body = ''
    request.on('data', (piece) => (body += piece))
    request.on('end', () =>
      response.end(
        JSON.stringify({ model: JSON.parse(body).model, usage: { prompt_tokens: 1, completion_tokens: body.length } }),
      ),
    )
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  onTestFinished(() => void upstream.close())
  const through = await meter((upstream.address() as AddressInfo).port, dir)
  const asks = Array.from({ length: 60 }, async (_, index) => {
    const body = JSON.stringify({ model: `m${index}`, prompt: 'a'.repeat(index) })
    const response = await fetch(`http://127.0.0.1:${through.port}${CHAT}`, { method: 'POST', body })
    expect(await response.json()).toMatchObject({ model: `m${index}`, usage: { completion_tokens: body.length } })
    return body.length
  })
  const lengths = await Promise.all(asks)
  const counted = () => told.events.flatMap((event) => (event.type === 'end' ? [event.completionTokens] : []))
  await vi.waitFor(() => expect(counted().toSorted()).toEqual(lengths.toSorted()), 8_000)
}, 20_000)
