import { describe, expect, test } from 'vitest'
import { AppId, ModelId } from '../../../contract/ids.ts'
import { elsewhereApp } from '../../../engine/servers/elsewhere.ts'
import type { ServerOutput } from '../../../engine/servers/servers.ts'
import { OutputBook, userOf } from '../../../engine/work/output-book.ts'
import type { SettledRequest } from '../../../engine/work/request-book.ts'

const APP = AppId.parse('vllm')
const MODEL = ModelId.parse('vllm/qwen')
const nobody = { keyHash: null, personHash: null, uid: null, pid: null, exe: null }

const counted = (toMs: number, told: Partial<ServerOutput>): ServerOutput => ({
  app: APP,
  model: MODEL,
  fromMs: toMs - 1_000,
  toMs,
  promptTokens: null,
  cachedTokens: null,
  outputTokens: null,
  requests: null,
  failedRequests: null,
  images: null,
  audioMs: null,
  provenance: 'exact',
  isRemote: false,
  ...told,
})

const metered = (completionTokens: number | null): SettledRequest => ({
  begin: {
    type: 'begin',
    id: '0000000000000001',
    atMs: 0,
    endpoint: '/v1/completions',
    asker: { ...nobody, uid: 1000 },
  },
  end: {
    type: 'end',
    id: '0000000000000001',
    atMs: 5,
    model: 'qwen',
    isRemote: false,
    promptTokens: 10,
    cachedTokens: 0,
    completionTokens,
    tokensProvenance: completionTokens === null ? 'notReported' : 'exact',
    images: null,
    audioMs: null,
    promptBytes: 0,
    promptMedia: 0,
    deltas: 0,
    ttftMs: null,
    durationMs: 5,
    loadMs: null,
    status: 'done',
    httpStatus: 200,
  },
  app: APP,
  model: MODEL,
  energyMj: 77,
  estimatedMj: 0,
  varMj2: 0,
  byDomain: new Map(),
})
const idle = () => false

test('output of a server whose processes are not seen here is remote: it never enters a ratio with local joules', () => {
  const book = new OutputBook()
  const app = elsewhereApp('https://box.lan:8000')
  book.takeCounted(counted(1_000, { app, outputTokens: 70, isRemote: true }))
  book.takeRequest({ ...metered(5), app, energyMj: null }, 5, 1_000, true)
  expect(
    book.take(20_000, 0, idle).map(({ isRemote, outputTokens, requestMj }) => [isRemote, outputTokens, requestMj]),
  ).toEqual([
    [true, 5, 0],
    [true, 65, 0],
  ])
})

describe('one piece of output', () => {
  test('that proxy and server both counted is counted once, and the rest is somebody else’s', () => {
    const book = new OutputBook()
    book.takeCounted(counted(1_000, { outputTokens: 150, requests: 3 }))
    book.takeRequest(metered(100), 5, 1_000, true)
    const outputs = book.take(20_000, 0, idle)
    expect(outputs.map(({ user, outputTokens, requests }) => [user, outputTokens, requests])).toEqual([
      ['os/1000', 100, 1],
      [null, 50, 2],
    ])
  })

  test('is counted once too where the server tells of it later than the proxy', () => {
    const book = new OutputBook()
    book.takeRequest(metered(100), 5, 1_000, true)
    expect(book.take(2_000, 0, idle)).toHaveLength(1)
    book.takeCounted(counted(8_000, { outputTokens: 100, requests: 1 }))
    expect(book.take(20_000, 0, idle)).toEqual([])
  })

  test('waits while a metered request runs, since part of what its server counted is that request’s', () => {
    const book = new OutputBook()
    book.takeCounted(counted(1_000, { outputTokens: 40 }))
    expect(book.take(60_000, 0, () => true)).toEqual([])
    expect(book.take(61_000, 0, idle)).toHaveLength(1)
  })

  test('that nobody reported is not 0', () => {
    const book = new OutputBook()
    book.takeRequest(metered(null), 5, 1_000, false)
    expect(book.take(1_000, 0, idle)[0]).toMatchObject({ outputTokens: null, unreportedRequests: 1, requestMj: 77 })
  })

  test('of a server that counts fewer than the proxy saw leaves nothing behind', () => {
    const book = new OutputBook()
    book.takeRequest(metered(100), 5, 1_000, true)
    book.takeCounted(counted(1_000, { outputTokens: 60, requests: 1 }))
    book.take(1_000, 0, idle)
    expect(book.take(20_000, 0, idle)).toEqual([])
  })
})

test('a header names the person before a key does, and a key before the account of the client', () => {
  expect(userOf({ ...nobody, personHash: 'a'.repeat(12), keyHash: 'b'.repeat(12), uid: 5 })).toBe(
    `api/${'a'.repeat(12)}`,
  )
  expect(userOf({ ...nobody, keyHash: 'b'.repeat(12), uid: 5 })).toBe(`api/${'b'.repeat(12)}`)
  expect(userOf({ ...nobody, uid: 5 })).toBe('os/5')
  expect(userOf(nobody)).toBeNull()
})
