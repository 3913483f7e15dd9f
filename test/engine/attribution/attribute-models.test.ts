import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppId, ModelId } from '../../../contract/ids.ts'
import { attributeModels } from '../../../engine/attribution/attribute-models.ts'
import { createWorkRing, type ModelWork } from '../../../engine/attribution/work-ring.ts'
import { fcOptions } from '../../support/counts.ts'

const APP = AppId.parse('ollama')
const modelWork = (name: string, told: Partial<ModelWork> = {}): ModelWork => ({
  model: ModelId.parse(`ollama/${name}`),
  app: APP,
  work: 0,
  inFlight: null,
  residentBytes: null,
  isLoading: false,
  ...told,
})

const anyModels = fc.uniqueArray(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 4 }),
    work: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e9, noNaN: true })),
    inFlight: fc.option(fc.integer({ min: 0, max: 64 })),
    residentBytes: fc.option(fc.integer({ min: 0, max: 2 ** 40 })),
    isLoading: fc.boolean(),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 6 },
)

describe('an app’s share is divided among its models', () => {
  test('exactly: what they get sums to it, in whole millijoules', () => {
    fc.assert(
      fc.property(anyModels, fc.nat(1e9), fc.nat(1e9), (models, activeMj, idleMj) => {
        const shares = attributeModels(
          { activeMj, idleMj },
          models.map(({ name, ...told }) => modelWork(name, told)),
        )
        let active = 0
        let idle = 0
        for (const share of shares) {
          expect(Math.min(share.activeMj, share.idleMj, share.loadMj)).toBeGreaterThanOrEqual(0)
          active += share.activeMj + share.loadMj
          idle += share.idleMj
        }
        expect([active, idle]).toEqual([activeMj, idleMj])
      }),
      fcOptions('attribution', 200, 20_000),
    )
  })

  test('by the work that each did', () => {
    const shares = attributeModels({ activeMj: 900, idleMj: 0 }, [
      modelWork('a', { work: 100 }),
      modelWork('b', { work: 200 }),
    ])
    expect(shares.map(({ activeMj, by }) => [activeMj, by])).toEqual([
      [300, 'work'],
      [600, 'work'],
    ])
  })

  test('by requests in flight where no work is seen', () => {
    const models = [modelWork('a', { inFlight: 3 }), modelWork('b', { inFlight: 1 }), modelWork('c', { inFlight: 0 })]
    expect(attributeModels({ activeMj: 400, idleMj: 0 }, models).map(({ activeMj }) => activeMj)).toEqual([300, 100, 0])
  })

  test('what it idles with by the memory that each holds', () => {
    const models = [modelWork('a', { residentBytes: 6e9, work: 5 }), modelWork('b', { residentBytes: 2e9 })]
    expect(attributeModels({ activeMj: 10, idleMj: 800 }, models).map(({ idleMj }) => idleMj)).toEqual([600, 200])
  })

  test('a model that loads has what is drawn meanwhile as load energy', () => {
    const models = [modelWork('old', { residentBytes: 1e9 }), modelWork('new', { isLoading: true })]
    expect(
      attributeModels({ activeMj: 500, idleMj: 0 }, models).map(({ activeMj, loadMj }) => [activeMj, loadMj]),
    ).toEqual([
      [0, 0],
      [0, 500],
    ])
  })

  test('with no models known nobody gets anything', () => {
    expect(attributeModels({ activeMj: 500, idleMj: 20 }, [])).toEqual([])
  })
})

describe('the ring of work', () => {
  const ring = () => {
    const made = createWorkRing()
    made.push({ fromMs: 0, toMs: 1_000, models: [modelWork('a', { work: 10, inFlight: 1 })], idleApps: [] })
    made.push({ fromMs: 1_000, toMs: 2_000, models: [modelWork('a', { work: 30, inFlight: 0 })], idleApps: [] })
    made.push({ fromMs: 2_000, toMs: 4_000, models: [modelWork('a', { inFlight: 0 })], idleApps: [APP] })
    return made
  }

  test('gives the work of exactly the interval asked for', () => {
    const [model] = ring().between(APP, 500, 2_000).models
    expect(model).toMatchObject({ work: 35, inFlight: 1 })
  })

  test('an app was idle only where nothing was in flight in all of the interval', () => {
    expect(ring().between(APP, 2_000, 4_000).wasIdle).toBe(true)
    expect(ring().between(APP, 1_000, 4_000).wasIdle).toBe(false)
    expect(ring().between(AppId.parse('vllm'), 2_000, 4_000)).toEqual({ models: [], wasIdle: false })
  })
})
