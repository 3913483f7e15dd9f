import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { MeterEvent } from '../../../contract/metering.ts'
import { fcOptions } from '../../support/counts.ts'
import { answers, fixture } from './answers.ts'
import { answer, answering, dataDir, engine, meter, meterProcess, post, server, type ToldEngine, talk } from './rig.ts'

type End = Extract<MeterEvent, { type: 'end' }>

const CHAT = '/v1/chat/completions'
const STREAM = { type: 'text/event-stream' }
const stream = fixture('ollama/v1-chat-stream-usage.sse')

async function ends(told: ToldEngine, count: number): Promise<End[]> {
  const found = () => told.events.filter((event): event is End => event.type === 'end')
  await vi.waitFor(() => expect(found().length).toBeGreaterThanOrEqual(count), 5_000)
  return found()
}

describe('bytes are the same as without the meter', () => {
  test('for every answer, in chunks or with a length, however it is cut; and it is counted', async () => {
    const dir = dataDir()
    const told = await engine(dir)
    for (const one of answers) {
      const reply = answer(one.body, {
        type: one.type,
        status: one.status ?? 200,
        chunks: [3, 40, one.body.length - 2],
      })
      const port = await server(answering(reply, { mark: '"q"}', cuts: [7, 100, reply.length - 3] }))
      const through = await meter(port, dir)
      const asked = [post(one.path, '{"prompt":"q"}')]
      const until = (seen: string) => seen.length >= reply.length
      const [direct, metered] = [await talk(port, asked, { until }), await talk(through.port, asked, { until })]
      expect(direct.bytes.equals(reply), one.file).toBe(true)
      expect(metered.bytes.equals(reply), one.file).toBe(true)
      await through.stop(0)
    }
    const all = await ends(told, answers.length)
    expect(all.map(({ completionTokens }) => completionTokens)).toEqual(answers.map(({ completion }) => completion))
    expect(all.map(({ status }) => status)).toEqual(answers.map(({ failed }) => (failed === true ? 'failed' : 'done')))
  }, 60_000)

  test('for several requests on one connection, pipelined, whatever way both directions are cut', async () => {
    const dir = dataDir()
    const told = await engine(dir)
    const replies = [answer(stream, { ...STREAM, chunks: [10, 500] }), answer(fixture('llama-server/v1-chat.json'))]
    let turn = 0
    const port = await server((socket) => {
      let seen = ''
      socket.on('data', (bytes) => {
        seen += bytes.toString('latin1')
        for (; seen.includes('"end"}'); seen = seen.slice(seen.indexOf('"end"}') + 6))
          socket.write(replies[turn++ % 2] as Buffer)
      })
      socket.on('end', () => socket.end())
    })
    const through = await meter(port, dir)
    const asked = Buffer.concat([
      post(CHAT, '{"model":"a","prompt":"end"}'),
      post(CHAT, '{"model":"b","prompt":"end"}'),
    ])
    let rounds = 0
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: asked.length - 1 }), { maxLength: 6 }),
        async (offsets) => {
          turn = 0
          rounds++
          const cuts = [...offsets.sort((one, other) => one - other), asked.length]
          const pieces = cuts.map((end, index) => asked.subarray(cuts[index - 1] ?? 0, end))
          expect((await talk(through.port, pieces)).bytes.equals(Buffer.concat(replies))).toBe(true)
        },
      ),
      fcOptions('meter', 15, 500),
    )
    const all = await ends(told, rounds * 2)
    expect(all.slice(0, 2)).toMatchObject([
      { model: 'llama3.2', promptTokens: 26, completionTokens: 11, promptBytes: 3, status: 'done' },
      { model: 'qwen3-8b', promptTokens: 237, completionTokens: 35, status: 'done' },
    ])
  })

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('for a body in %s, which is unpacked on a copy', async (coding, pack) => {
    const dir = dataDir()
    const told = await engine(dir)
    const reply = answer(pack(stream), { ...STREAM, chunks: [20], fields: [`Content-Encoding: ${coding}`] })
    const through = await meter(await server(answering(reply, { mark: '}' })), dir)
    expect((await talk(through.port, [post(CHAT, '{}')])).bytes.equals(reply)).toBe(true)
    expect(await ends(told, 1)).toMatchObject([{ promptTokens: 26, completionTokens: 11, deltas: 10, status: 'done' }])
  })

  test('for a coding that is not known: it passes, and nothing is said of its tokens', async () => {
    const dir = dataDir()
    const told = await engine(dir)
    const reply = answer(stream, { ...STREAM, fields: ['Content-Encoding: secret'] })
    const through = await meter(await server(answering(reply)), dir)
    expect((await talk(through.port, [post(CHAT, '{}')])).bytes.equals(reply)).toBe(true)
    expect(await ends(told, 1)).toMatchObject([{ completionTokens: null, tokensProvenance: 'notReported' }])
    await vi.waitFor(() => expect(told.uncounted).toBe(1))
  })

  test('for an answer that ends with the connection, and for one that is no HTTP at all', async () => {
    const dir = dataDir()
    const told = await engine(dir)
    const untilClose = Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), stream])
    for (const reply of [untilClose, Buffer.from('hello, I am a printer'), Buffer.from('HTTP/1.1 200 OK\nX')]) {
      const port = await server((socket) => socket.once('data', () => socket.end(reply)))
      const through = await meter(port, dir)
      expect((await talk(through.port, [post(CHAT, '{}')], { end: false })).bytes.equals(reply)).toBe(true)
    }
    expect(await ends(told, 1)).toMatchObject([{ completionTokens: 11, status: 'done' }])
    await vi.waitFor(() => expect(told.uncounted).toBe(2))
  })

  test('for HEAD, 204, 304 and answers without a body, and the next request is told apart', async () => {
    const replies = [
      'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n',
      'HTTP/1.1 204 None\r\n\r\n',
      'HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n',
    ]
    const port = await server((socket) => {
      socket.on('data', (bytes) => {
        const asked = bytes.toString('latin1').match(/ \/\d/g) ?? []
        for (const path of asked) socket.write(replies[Number(path[2])] as string)
      })
      socket.on('end', () => socket.end())
    })
    const through = await meter(port, dataDir())
    const asked = ['HEAD /0 HTTP/1.1\r\n\r\n', 'GET /1 HTTP/1.1\r\n\r\n', 'GET /2 HTTP/1.1\r\n\r\n']
    expect((await talk(through.port, [asked.join('')])).bytes.toString()).toBe(replies.join(''))
  })
})

test('100-continue: the body waits for the server, and its interim answer passes', async () => {
  const dir = dataDir()
  const told = await engine(dir)
  const reply = answer(fixture('openai/chat-n2.json'))
  const port = await server((socket) => {
    socket.once('data', (head) => {
      expect(head.toString()).toMatch(/\r\n\r\n$/)
      socket.write('HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n')
      socket.once('data', () => socket.end(reply))
    })
  })
  const through = await meter(port, dir)
  const socket = connect(through.port, '127.0.0.1')
  socket.write(`POST ${CHAT} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`)
  let seen = ''
  socket.on('data', (bytes) => {
    if (!seen.includes('100 Continue') && bytes.includes('100 Continue')) socket.write('{}')
    seen += bytes.toString('latin1')
  })
  await new Promise((resolve) => socket.once('end', resolve))
  expect(seen).toBe(`HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${reply.toString('latin1')}`)
  expect(await ends(told, 1)).toMatchObject([{ completionTokens: 24, httpStatus: 200 }])
  socket.destroy()
})

test('an upgraded connection is passed on blindly, and counted as unmetered', async () => {
  const dir = dataDir()
  const told = await engine(dir)
  const port = await server((socket) => {
    socket.once('data', () => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\u0081\u0002hi',
      )
      socket.on('data', (bytes) => socket.write(bytes))
      socket.on('end', () => socket.end())
    })
  })
  const through = await meter(port, dir)
  const head = 'GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
  const { bytes } = await talk(through.port, [
    head,
    Buffer.from([0, 1, 2, 10, 13, 10]),
    'POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n',
  ])
  const sent = '\u0000\u0001\u0002\n\r\nPOST / HTTP/1.1\r\nContent-Length: x\r\n\r\n'
  expect(bytes.toString('latin1').endsWith(`hi${sent}`)).toBe(true)
  await vi.waitFor(() => expect(told.unmetered).toBe(1))
  expect(told.events).toEqual([])
})

test('an upgrade that is declined goes on as HTTP', async () => {
  const dir = dataDir()
  const told = await engine(dir)
  const reply = answer(fixture('openai/chat-n2.json'))
  const through = await meter(await server(answering(reply, { mark: '{}' })), dir)
  const asked = post(CHAT, '{}', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c'])
  const until = (seen: string) => seen.length >= 2 * reply.length
  const { bytes } = await talk(through.port, [asked, asked], { end: false, until })
  expect(bytes.equals(Buffer.concat([reply, reply]))).toBe(true)
  expect(await ends(told, 2)).toMatchObject([{ completionTokens: 24 }, { completionTokens: 24 }])
})

describe('who goes is missed at once on the other side:', () => {
  test('a client that resets in the middle of a stream', async () => {
    const dir = dataDir()
    const told = await engine(dir)
    const gone = Promise.withResolvers<string>()
    const port = await server((socket) => {
      socket.on('data', () => socket.write(answer(stream, { ...STREAM, chunks: [1_000] }).subarray(0, 1_500)))
      socket.on('error', () => gone.resolve('reset'))
      socket.on('end', () => gone.resolve('end'))
    })
    const through = await meter(port, dir)
    const socket = connect(through.port, '127.0.0.1')
    socket.write(post(CHAT, '{"model":"asked"}'))
    socket.once('data', () => socket.resetAndDestroy())
    expect(await gone.promise).toBe('reset')
    const [end] = await ends(told, 1)
    expect(end).toMatchObject({
      status: 'aborted',
      model: 'llama3.2',
      tokensProvenance: 'estimate',
      promptTokens: null,
    })
    expect(end?.completionTokens).toBe(end?.deltas)
    expect(end?.deltas).toBeGreaterThan(0)
  })

  test('a client that has said all, and still reads', async () => {
    const dir = dataDir()
    const told = await engine(dir)
    const reply = answer(stream, STREAM)
    const port = await server((socket) => {
      socket.resume()
      socket.on('end', () => socket.end(reply))
    })
    const through = await meter(port, dir)
    const { bytes, ending } = await talk(through.port, [post(CHAT, '{}')])
    expect({ ending, isWhole: bytes.equals(reply) }).toEqual({ ending: 'end', isWhole: true })
    expect(await ends(told, 1)).toMatchObject([{ status: 'done', completionTokens: 11 }])
  })

  test('a server that ends, and one that resets, in the middle of a stream', async () => {
    const dir = dataDir()
    const told = await engine(dir)
    const part = answer(stream, { ...STREAM, chunks: [1_000] }).subarray(0, 1_500)
    for (const how of ['end', 'reset'] as const) {
      const port = await server((socket) => {
        socket.once('data', () =>
          socket.write(part, () => (how === 'end' ? socket.end() : setTimeout(() => socket.resetAndDestroy(), 30))),
        )
      })
      const through = await meter(port, dir)
      const { bytes, ending } = await talk(through.port, [post(CHAT, '{}')], { end: false })
      expect({ ending, isPart: bytes.equals(part) }).toEqual({ ending: how, isPart: true })
    }
    expect(await ends(told, 2)).toMatchObject([{ status: 'failed' }, { status: 'failed' }])
  })

  test('a server that is not there: 502 in the words of the path, and the next one is served', async () => {
    const dir = dataDir()
    const told = await engine(dir)
    const gone = await server(() => {})
    const through = await meter(1, dir, { target: 'http://127.0.0.1:1' })
    expect(gone).toBeGreaterThan(0)
    const bodies: Record<string, unknown> = {}
    for (const path of ['/api/chat', '/v1/messages', CHAT]) {
      const { bytes, ending } = await talk(through.port, [post(path, '{"model":"m"}')], { end: false })
      expect(bytes.toString()).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/)
      expect(ending).toBe('end')
      bodies[path] = JSON.parse(bytes.toString().split('\r\n\r\n')[1] ?? '')
    }
    expect(bodies['/api/chat']).toEqual({ error: '127.0.0.1:1 does not answer' })
    expect(bodies['/v1/messages']).toMatchObject({ type: 'error', error: { type: 'api_error' } })
    expect(bodies[CHAT]).toMatchObject({ error: { type: 'api_error', code: 502 } })
    expect(await ends(told, 3)).toMatchObject([{ status: 'failed', httpStatus: 502, completionTokens: 0 }, {}, {}])
  })
})

test('an upload of 50 MB to a slow server passes, and the memory of the meter stays flat', async () => {
  const dir = dataDir()
  const told = await engine(dir)
  const total = 50 * 1024 * 1024
  let taken = 0
  const port = await server((socket) => {
    socket.on('data', (bytes) => {
      taken += bytes.length
      socket.pause()
      setImmediate(() => socket.resume())
      if (taken > total) socket.end(answer(fixture('openai/chat-n2.json')))
    })
  })
  const through = await meterProcess(port, dir)
  const [start, end] = ['{"messages":[{"content":[{"image_url":{"url":"', '"}}]}],"model":"big"}']
  const piece = Buffer.alloc(1024 * 1024, 65)
  const body = Array.from({ length: 49 }, () => piece)
  const last = piece.subarray(0, total - 49 * piece.length - start.length - end.length)
  const head = `POST ${CHAT} HTTP/1.1\r\nContent-Length: ${total}\r\n\r\n`
  const memoryKb: number[] = []
  // Node collects what it read when it likes; all three are 150 MB, and not one of them may be held.
  for (let round = 0; round < 3; round++) {
    taken = 0
    const { bytes } = await talk(through.port, [head, start, ...body, last, end])
    expect(bytes.length).toBeGreaterThan(100)
    memoryKb.push(through.memoryKb())
  }
  expect((memoryKb[2] ?? 0) - (memoryKb[0] ?? 0)).toBeLessThan(32 * 1024)
  const all = await ends(told, 3)
  expect(all.at(-1)).toMatchObject({ model: 'm', promptMedia: 1, promptBytes: 0, completionTokens: 24 })
}, 60_000)

test('a client that does not read stops the server, and not the meter’s memory', async () => {
  let written = 0
  let isFull = false
  const port = await server((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n')
      const more = () => {
        while (written < 100_000_000) {
          written += 100_000
          if (!socket.write(Buffer.alloc(100_000))) {
            isFull = true
            socket.once('drain', more)
            return
          }
        }
      }
      more()
    })
  })
  const through = await meter(port, dataDir())
  const socket = connect(through.port, '127.0.0.1')
  socket.pause()
  socket.write(post(CHAT, '{}'))
  await vi.waitFor(() => expect(isFull).toBe(true))
  let last = -1
  await vi.waitFor(
    () => {
      const isStill = written === last
      last = written
      expect(isStill).toBe(true)
    },
    { interval: 100, timeout: 5_000 },
  )
  expect(written).toBeLessThan(30_000_000)
  socket.destroy()
})

test('a client that reads slowly gets every byte in its place', async () => {
  const body = randomBytes(12 * 1024 * 1024)
  const reply = answer(body, { type: 'application/octet-stream', chunks: [1_000_000, 1_000_001, 7_000_000] })
  const through = await meter(await server((socket) => socket.once('data', () => socket.end(reply))), dataDir())
  const socket = connect(through.port, '127.0.0.1')
  socket.write(post(CHAT, '{}'))
  const seen: Buffer[] = []
  socket.on('data', (bytes) => {
    seen.push(bytes)
    socket.pause()
    setTimeout(() => socket.resume(), seen.length % 20 === 0 ? 20 : 0)
  })
  await new Promise((resolve) => socket.once('end', resolve))
  expect(Buffer.concat(seen).equals(reply)).toBe(true)
})
