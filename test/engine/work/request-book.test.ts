import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppId, DomainId, ModelId } from '../../../contract/ids.ts'
import { elsewhereApp } from '../../../engine/servers/elsewhere.ts'
import { type MeteredBegin, type MeteredEnd, RequestBook } from '../../../engine/work/request-book.ts'
import { fcOptions } from '../../support/counts.ts'

const APP = AppId.parse('llama-server')
const MODEL = ModelId.parse('llama-server/tiny')
const GPU = DomainId.parse('gpu/0')
const nobody = { keyHash: null, personHash: null, uid: null, pid: null, exe: null }

const id = (n: number) => n.toString(16).padStart(16, '0')
const begin = (n: number, atMs: number): MeteredBegin => ({
  type: 'begin',
  id: id(n),
  atMs,
  endpoint: '/v1/chat/completions',
  asker: nobody,
})
const end = (n: number, atMs: number, told: Partial<MeteredEnd> = {}): MeteredEnd => ({
  type: 'end',
  id: id(n),
  atMs,
  model: 'tiny',
  isRemote: false,
  promptTokens: null,
  cachedTokens: null,
  completionTokens: null,
  tokensProvenance: 'notReported',
  images: null,
  audioMs: null,
  promptBytes: 0,
  promptMedia: 0,
  deltas: 0,
  ttftMs: null,
  durationMs: 0,
  loadMs: null,
  status: 'done',
  httpStatus: 200,
  ...told,
})
const newBook = () => new RequestBook({ runsOn: () => 'gpu', kept: () => null })
const energy = (fromMs: number, toMs: number, activeMj: number) => ({
  model: MODEL,
  domain: GPU,
  fromMs,
  toMs,
  activeMj,
  provenance: 'counter' as const,
  teaches: true,
})

function running(book: RequestBook, n: number, atMs: number) {
  book.begin(begin(n, atMs), atMs, APP)
  const see = (deltas: number, promptBytes = 0) =>
    book.see({ type: 'progress', id: id(n), model: 'tiny', promptBytes, promptMedia: 0, deltas }, 0, () => MODEL)
  const finish = (atEndMs: number, told: Partial<MeteredEnd> = {}) =>
    book.see(end(n, atEndMs, told), atEndMs, () => MODEL)
  see(0)
  return { see, finish }
}

describe('requests of one model', () => {
  test('share its energy by the pieces that each was given', () => {
    const book = newBook()
    const first = running(book, 1, 0)
    const second = running(book, 2, 0)
    first.see(30)
    second.see(10)
    book.tick(0, 1_000)
    book.share(energy(0, 1_000, 4_000))
    expect(book.energySoFar([id(1), id(2)])).toEqual([
      { id: id(1), energyMj: 3_000 },
      { id: id(2), energyMj: 1_000 },
    ])
  })

  test('a long prompt is weighed and not billed to its neighbour', () => {
    const book = newBook()
    const long = running(book, 1, 0)
    const short = running(book, 2, 0)
    long.see(0, 4_000)
    short.see(30)
    book.tick(0, 1_000)
    book.share(energy(0, 1_000, 6_000))
    // 1,000 prompt tokens at the first weight of 0.03 are as much as 30 generated ones.
    expect(book.energySoFar([id(1), id(2)]).map(({ energyMj }) => energyMj)).toEqual([3_000, 3_000])
  })

  test('of which nothing can be seen share alike, and count as the mean of those that can be seen', () => {
    const book = newBook()
    running(book, 1, 0)
    running(book, 2, 0)
    book.tick(0, 1_000)
    book.share(energy(0, 1_000, 1_001))
    expect(book.energySoFar([id(1), id(2)]).map(({ energyMj }) => energyMj)).toEqual([501, 500])
    const third = running(book, 3, 1_000)
    third.see(40)
    book.tick(1_000, 2_000)
    book.share(energy(1_000, 2_000, 3_000))
    expect(book.energySoFar([id(3)])).toEqual([{ id: id(3), energyMj: 1_000 }])
  })

  const exact = (completionTokens: number, more: Partial<MeteredEnd> = {}): Partial<MeteredEnd> => ({
    completionTokens,
    tokensProvenance: 'exact',
    ...more,
  })
  const shares = (book: RequestBook, count: number) =>
    book.energySoFar(Array.from({ length: count }, (_, n) => id(n + 1))).map(({ energyMj }) => energyMj)

  test('count by what they are told to have written, where their answer came in one piece', () => {
    const book = newBook()
    running(book, 1, 0).see(30)
    running(book, 2, 100).finish(900, exact(30))
    book.tick(0, 1_000)
    book.share(energy(0, 1_000, 4_000))
    expect(shares(book, 2)).toEqual([2_000, 2_000])
  })

  test('have written evenly what nobody saw them write', () => {
    const book = newBook()
    const stream = running(book, 1, 0)
    const whole = running(book, 2, 0)
    stream.see(40)
    book.tick(0, 1_000)
    book.share(energy(0, 1_000, 1_000))
    expect(shares(book, 2)).toEqual([500, 500])
    stream.see(80)
    whole.finish(1_500, exact(60))
    book.tick(1_000, 2_000)
    book.share(energy(1_000, 2_000, 3_000))
    // Of its 60 tokens a third falls into its last half second.
    expect(shares(book, 2)).toEqual([2_500, 1_500])
  })

  test('of which nothing can be seen count for the time in which they were there', () => {
    const book = newBook()
    running(book, 1, 0).see(40)
    running(book, 2, 750)
    book.tick(0, 1_000)
    book.share(energy(0, 1_000, 5_000))
    expect(shares(book, 2)).toEqual([4_000, 1_000])
  })

  test('count for what they write unseen, though they have read a prompt before', () => {
    const book = newBook()
    running(book, 1, 0).see(30)
    // 100 tokens, at 1,000 a second.
    running(book, 2, 0).see(0, 400)
    book.tick(0, 1_000)
    book.share(energy(0, 1_000, 6_000))
    expect(shares(book, 2)).toEqual([3_000, 3_000])
  })

  test('that ended before the tick was closed in which their meter told of it have their part of the next', () => {
    const book = newBook()
    const stream = running(book, 1, 0)
    stream.see(30)
    book.tick(0, 1_000)
    book.share(energy(0, 1_000, 500))
    running(book, 2, 800).finish(990, exact(30))
    stream.see(60)
    book.tick(1_000, 2_000)
    expect(book.takeSettled(1_000, 2_000)).toEqual([])
    book.share(energy(1_000, 2_000, 3_000))
    expect(book.takeSettled(2_000, 3_000)).toMatchObject([{ begin: { id: id(2) }, energyMj: 1_500 }])
    expect(shares(book, 1)).toEqual([2_000])
  })

  test('get exactly what their model drew, over any requests and any late intervals', () => {
    const step = fc.record({
      request: fc.nat(4),
      deltas: fc.nat(50),
      promptBytes: fc.nat(9_000),
      activeMj: fc.nat(100_000),
    })
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        (steps, ticksLate) => {
          const book = newBook()
          const requests = Array.from({ length: 5 }, (_, n) => running(book, n, 0))
          const seen = requests.map(() => ({ deltas: 0, promptBytes: 0 }))
          let total = 0
          let pending = 0
          let fromMs = 0
          for (const [index, { request, deltas, promptBytes, activeMj }] of steps.entries()) {
            const known = seen[request] as { deltas: number; promptBytes: number }
            known.deltas += deltas
            known.promptBytes += promptBytes
            requests[request]?.see(known.deltas, known.promptBytes)
            book.tick(index * 1_000, (index + 1) * 1_000)
            pending += activeMj
            if ((index + 1) % ticksLate !== 0) continue
            book.share(energy(fromMs, (index + 1) * 1_000, pending))
            fromMs = (index + 1) * 1_000
            total += pending
            pending = 0
          }
          const given = book.energySoFar(requests.map((_, n) => id(n)))
          expect(given.reduce((sum, one) => sum + one.energyMj, 0)).toBe(total)
        },
      ),
      fcOptions('attribution', 100, 10_000),
    )
  })

  test('tokens that their server counted for somebody else take their part with them', () => {
    const book = newBook()
    const one = running(book, 1, 0)
    one.see(25)
    const works = book.tick(0, 1_000, new Map([[MODEL, { promptTokens: 0, outputTokens: 100 }]]))
    expect(works.get(MODEL)).toEqual({ weight: 100, outputTokens: 100 })
    book.share(energy(0, 1_000, 4_000))
    expect(book.energySoFar([id(1)])).toEqual([{ id: id(1), energyMj: 1_000 }])
  })
})

describe('an ended request', () => {
  test('is settled once, when every domain has told of its time', () => {
    const book = newBook()
    const one = running(book, 1, 0)
    one.see(5)
    book.tick(0, 1_000)
    one.finish(1_500, { completionTokens: 6, tokensProvenance: 'exact', deltas: 6 })
    book.tick(1_000, 2_000)
    book.share(energy(0, 1_000, 700))
    expect(book.takeSettled(1_000, 2_000)).toEqual([])
    book.share(energy(1_000, 2_000, 300))
    const [settled] = book.takeSettled(2_000, 2_500)
    expect(settled).toMatchObject({ app: APP, model: MODEL, energyMj: 1_000 })
    expect(settled?.byDomain).toEqual(new Map([[GPU, 1_000]]))
    expect(book.takeSettled(9_000, 9_000)).toEqual([])
    // Its meter heard no answer and tells it again.
    running(book, 1, 0).finish(1_500)
    expect(book.takeSettled(9_000, 90_000)).toEqual([])
    expect(book.size).toBe(0)
  })

  test('of a server whose processes are not seen, or that was computed elsewhere, has no energy, never 0', () => {
    const book = newBook()
    book.begin(begin(1, 0), 0, null)
    book.see(end(1, 10), 10, () => MODEL)
    running(book, 2, 0).finish(10, { isRemote: true })
    book.begin(begin(3, 0), 0, elsewhereApp('http://10.0.0.9:11434'))
    book.see(end(3, 10), 10, () => MODEL)
    expect(book.takeSettled(100, 100).map((one) => one.energyMj)).toEqual([null, null, null])
  })

  test('waits for no domain that is silent, and is forgotten where its meter died', () => {
    const book = newBook()
    running(book, 1, 0).finish(10)
    running(book, 2, 0)
    expect(book.takeSettled(0, 20_000)).toEqual([])
    expect(book.takeSettled(0, 40_000)).toHaveLength(1)
    book.takeSettled(0, 25 * 3_600_000)
    expect(book.size).toBe(0)
  })

  test('changes no more, whatever is reported of it afterwards', () => {
    const book = newBook()
    const one = running(book, 1, 0)
    one.finish(500, { completionTokens: 5 })
    one.finish(900, { completionTokens: 50 })
    expect(book.takeSettled(1_000, 1_000)[0]?.end.completionTokens).toBe(5)
  })
})
