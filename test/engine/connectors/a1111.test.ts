import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { a1111 } from '../../../engine/connectors/a1111.ts'
import { A1111Images, type A1111State } from '../../../engine/connectors/a1111-images.ts'
import { fcOptions } from '../../support/counts.ts'
import { fixture, type Route } from '../../support/server-double.ts'
import { opened, reported } from './ask.ts'

const idle = (job_timestamp: string, job_no = 0): A1111State => ({ job: '', job_count: 0, job_no, job_timestamp })
const busy = (job_timestamp: string, job_no: number, job_count: number): A1111State => ({
  job: 'task(abc)',
  job_count,
  job_no,
  job_timestamp,
})

function totalAfter(...states: readonly A1111State[]): number {
  const images = new A1111Images()
  for (const state of states) images.take(state)
  return images.total
}

describe('batches of a web UI', () => {
  test.each([
    ['nothing, at the first look', 0, [busy('1', 3, 4)]],
    ['those that ended since', 2, [busy('1', 1, 4), busy('1', 3, 4)]],
    ['the last one, when the job ends and its number is reset', 2, [busy('1', 0, 2), busy('1', 1, 2), idle('1')]],
    ['the last one, when the job ends and its number stays', 2, [busy('1', 0, 2), busy('1', 1, 2), idle('1', 2)]],
    ['no more than there were', 2, [busy('1', 0, 2), busy('1', 2, 2), idle('1')]],
    ['a job that began and ended between two looks, by its number', 4, [idle('1'), idle('2', 4)]],
    ['nothing of a job that left no number', 0, [idle('1'), idle('2')]],
    ['the end of one job and the beginning of the next', 2, [busy('1', 0, 1), busy('2', 1, 4)]],
    ['nothing that was interrupted', 1, [busy('1', 0, 3), busy('1', 1, 3), { ...idle('1'), interrupted: true }]],
    ['nothing while it is not yet known how many', 0, [busy('1', 0, -1), idle('1')]],
    ['nothing impossible', 0, [idle('1'), idle('2', 4_000_000_000)]],
  ])('counts %s', (_what, total, states) => {
    expect(totalAfter(...states)).toBe(total)
  })

  test('never fall, whatever is told', () => {
    const state = fc.record({
      job: fc.constantFrom('', 'task(abc)', null),
      job_count: fc.integer({ min: -1, max: 20 }),
      job_no: fc.nat(20),
      job_timestamp: fc.constantFrom('1', '2', null),
      interrupted: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(state, { maxLength: 30 }), (states) => {
        const images = new A1111Images()
        let before = 0
        for (const one of states) {
          images.take(one)
          expect(images.total).toBeGreaterThanOrEqual(before)
          before = images.total
        }
      }),
      fcOptions('connectors', 100, 20_000),
    )
  })
})

describe('a web UI', () => {
  const routes = (): Record<string, Route> => ({
    'GET /sdapi/v1/options': fixture('automatic1111/options.json'),
    'GET /sdapi/v1/progress': fixture('automatic1111/progress-busy.json'),
    'POST /sdapi/v1/unload-checkpoint': '{}',
  })

  test('tells its checkpoint, its work and a lower bound of images', async () => {
    const answers = routes()
    const open = await opened(a1111, answers)
    expect(await reported(open)).toMatchObject({
      models: [{ id: 'v1-5-pruned-emaonly', inFlight: 1 }],
      inFlight: 1,
      totals: [{ model: 'v1-5-pruned-emaonly', images: 0, provenance: 'estimate' }],
      counts: 'server',
    })
    answers['GET /sdapi/v1/progress'] = fixture('automatic1111/progress-idle.json')
    expect(await reported(open)).toMatchObject({ inFlight: 0, totals: [{ images: 1 }] })
  })

  test('holds nothing after its checkpoint was unloaded, until the next job', async () => {
    const answers = { ...routes(), 'GET /sdapi/v1/progress': fixture('automatic1111/progress-idle.json') }
    const open = await opened(a1111, answers)
    const [model] = (await reported(open)).models
    if (model === undefined || open.unload === null) throw new Error('nothing to unload')
    await open.unload(model)
    expect((await reported(open)).models).toEqual([])
    answers['GET /sdapi/v1/progress'] = fixture('automatic1111/progress-busy.json')
    expect((await reported(open)).models).toHaveLength(1)
  })

  test('without its API says how to switch it on', async () => {
    const hints = fixture('automatic1111/quicksettings-hint.json')
    const report = await reported(await opened(a1111, { 'GET /internal/quicksettings-hint': hints }))
    expect(report).toMatchObject({ counts: 'off', limits: { remedy: { argv: ['./webui.sh', '--api'] } }, models: [] })
  })
})
