import { describe, expect, test } from 'vitest'
import { AppId, DomainId, ModelId } from '../../../contract/ids.ts'
import type { MeterEvent } from '../../../contract/metering.ts'
import { loadedModel } from '../../../engine/connectors/server-words.ts'
import type { HeldModel, Servers } from '../../../engine/servers/servers.ts'
import {
  type MeteredBegin,
  type MeteredEnd,
  type MeteredProgress,
  RequestBook,
} from '../../../engine/work/request-book.ts'
import { createWork } from '../../../engine/work/work.ts'

const APP = AppId.parse('vllm')
const MODEL = ModelId.parse('vllm/tiny')
const CPU = DomainId.parse('cpu/0')
const ID = '00000000000000aa'
const asker = { keyHash: null, personHash: null, uid: 1_000, pid: null, exe: null }
const begin: MeteredBegin = { type: 'begin', id: ID, atMs: 0, endpoint: '/v1/chat/completions', asker }
const progress = (deltas: number, promptBytes = 0): MeteredProgress => ({
  type: 'progress',
  id: ID,
  model: 'tiny',
  promptBytes,
  promptMedia: 0,
  deltas,
})
const end = (atMs: number, completionTokens: number, deltas: number): MeteredEnd => ({
  ...{ type: 'end', id: ID, atMs, model: 'tiny', isRemote: false, promptTokens: 0, cachedTokens: 0, completionTokens },
  ...{ tokensProvenance: 'exact', images: null, audioMs: null, promptBytes: 0, promptMedia: 0, deltas },
  ...{ ttftMs: 0, durationMs: atMs, loadMs: null, status: 'done', httpStatus: 200 },
})

/** Ticks of a second; each with what the proxy told by its end, and what the server counted in it. */
function played(ticks: readonly { readonly events?: readonly MeterEvent[]; readonly outputTokens?: number }[]) {
  const book = new RequestBook({ runsOn: () => 'cpu', kept: () => null })
  return ticks.map(({ events = [], outputTokens }, index) => {
    for (const event of events) {
      if (event.type === 'begin') book.begin(event, event.atMs, APP)
      else book.see(event, event.type === 'end' ? event.atMs : 0, () => MODEL)
    }
    const [fromMs, toMs] = [index * 1_000, (index + 1) * 1_000]
    book.tick(fromMs, toMs, new Map(outputTokens === undefined ? [] : [[MODEL, { promptTokens: 0, outputTokens }]]))
    book.share({ model: MODEL, domain: CPU, fromMs, toMs, activeMj: 1_000, provenance: 'counter', teaches: false })
    return book.energySoFar([ID])[0]?.energyMj ?? 0
  })
}

describe('what a server counts of a metered request is nobody else’s', () => {
  test('where it counts when the request has ended', () => {
    const ticks = [
      { events: [begin, progress(20)] },
      { events: [progress(40)] },
      { events: [end(2_500, 50, 50)], outputTokens: 50 },
    ]
    expect(played(ticks)).toEqual([1_000, 2_000, 3_000])
  })

  test('where it counts with each step and the answer comes in one piece', () => {
    const ticks = [
      { events: [begin, progress(0, 40)], outputTokens: 20 },
      { events: [], outputTokens: 20 },
      { events: [end(2_900, 60, 1)], outputTokens: 20 },
    ]
    expect(played(ticks)).toEqual([1_000, 2_000, 3_000])
  })

  test('where its end is told a tick late', () => {
    const ticks = [
      { events: [begin, progress(20)], outputTokens: 20 },
      { events: [end(900, 30, 30)], outputTokens: 10 },
      {
        events: [
          { ...begin, id: '00000000000000ab', atMs: 2_000 },
          { ...progress(10), id: '00000000000000ab' },
        ],
      },
    ]
    expect(played(ticks)[0]).toBe(1_000)
  })

  test('and what it counts beyond that costs the metered one nothing', () => {
    expect(played([{ events: [begin, progress(20)], outputTokens: 80 }])).toEqual([250])
  })
})

function held(name: string, isRemote: boolean): HeldModel {
  const model = loadedModel(name, { isRemote, memoryBytes: 1_000 })
  return { ...model, modelId: ModelId.parse(`vllm/${name}`), app: APP, server: 'http://127.0.0.1:8000', engine: 'vLLM' }
}

function serversWith(models: readonly HeldModel[], idleApps: readonly AppId[] = []): Servers {
  const nothing = () => []
  return {
    ...{ tick() {}, models: () => models, idleApps: () => idleApps, takeOutput: nothing, views: nothing },
    ...{ counts: () => true, appAt: () => APP, modelAt: (_, name) => ModelId.parse(`vllm/${name}`) },
    ...{ connectorAt: () => null, find: () => Promise.resolve(), pending: () => null, takeChanged: () => false },
    unload: () => Promise.reject(new Error('not asked')),
    close() {},
  }
}

test('a model that is computed elsewhere takes nothing of an app that has one computed here', () => {
  const both = createWork({ servers: serversWith([held('here', false), held('there', true)]), kept: () => null })
  both.tick(0, 1_000, new Set())
  expect(both.ring.between(APP, 0, 1_000).models.map(({ model }) => model)).toEqual(['vllm/here'])
  const alone = createWork({ servers: serversWith([held('there', true)]), kept: () => null })
  alone.tick(0, 1_000, new Set())
  expect(alone.ring.between(APP, 0, 1_000).models.map(({ model }) => model)).toEqual(['vllm/there'])
})

test('what a server does not tell of its memory, its process does', () => {
  const untold = { ...held('tiny', false), memoryBytes: null, pids: [42] }
  const work = createWork({ servers: serversWith([untold]), kept: () => null })
  work.tick(0, 1_000, new Set(), new Map([[42, 9_000_000]]))
  expect(work.ring.between(APP, 0, 1_000).models).toMatchObject([{ residentBytes: 9_000_000 }])
  work.tick(1_000, 2_000, new Set())
  expect(work.ring.between(APP, 1_000, 2_000).models).toMatchObject([{ residentBytes: null }])
})

test('an app whose server was asked through the proxy within a tick was not idle in it, however short that was', () => {
  const work = createWork({ servers: serversWith([held('tiny', false)], [APP]), kept: () => null })
  work.tick(0, 1_000, new Set())
  expect(work.ring.between(APP, 0, 1_000).wasIdle).toBe(true)
  work.report('http://127.0.0.1:8000', [{ ...begin, atMs: 1_100 }, { ...end(1_800, 5, 5) }], 0)
  work.tick(1_000, 2_000, new Set())
  expect(work.ring.between(APP, 1_000, 2_000).wasIdle).toBe(false)
})
