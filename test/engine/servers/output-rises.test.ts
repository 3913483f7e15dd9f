import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OutputTotals } from '../../../engine/connectors/connector.ts'
import { outputTotals } from '../../../engine/connectors/server-words.ts'
import { COUNTED, OutputRises } from '../../../engine/servers/output-rises.ts'
import { fcOptions } from '../../support/counts.ts'

const report = (totals: readonly OutputTotals[], life: string | null = null) =>
  ({ life, totals, counts: 'server' }) as const
const tokens = (outputTokens: number | null, model: string | null = 'qwen') => outputTotals(model, { outputTokens })

/** What the output tokens rose by at each look. */
function risesOf(looks: readonly (readonly [tokens: number | null, life?: string | null])[]): (number | null)[] {
  const rises = new OutputRises()
  return looks.map(([count, life]) => rises.take(report([tokens(count)], life ?? null))[0]?.outputTokens ?? null)
}

describe('rises of what a server counts', () => {
  test('begin with the second look', () => {
    expect(risesOf([[1_000], [1_000], [1_250], [1_251]])).toEqual([null, null, 250, 1])
  })

  test('begin anew where a counter fell, and that interval is unknown', () => {
    expect(risesOf([[1_000], [40], [60]])).toEqual([null, null, 20])
  })

  test('begin anew with another life of the server, even where the counter is higher by then', () => {
    expect(
      risesOf([
        [1_000, 'a'],
        [5_000, 'b'],
        [5_010, 'b'],
      ]),
    ).toEqual([null, null, 10])
  })

  test('are refused where no server could be so fast', () => {
    expect(risesOf([[0], [2e9], [2e9 + 5]])).toEqual([null, null, 5])
  })

  test('of a model that was loaded since count from nothing', () => {
    const rises = new OutputRises()
    rises.take(report([tokens(1_000)]))
    expect(rises.take(report([tokens(1_000), tokens(7, 'phi')]))).toMatchObject([{ model: 'phi', outputTokens: 7 }])
  })

  test('of all things fall together: a prompt counter that fell makes the tokens beside it unknown', () => {
    const rises = new OutputRises()
    rises.take(report([outputTotals('qwen', { promptTokens: 100, outputTokens: 100 })]))
    expect(rises.take(report([outputTotals('qwen', { promptTokens: 10, outputTokens: 120 })]))).toEqual([])
  })

  test('say nothing of what is not counted', () => {
    const rises = new OutputRises()
    rises.take(report([tokens(1)]))
    expect(rises.take(report([tokens(3)]))).toMatchObject([{ outputTokens: 2, images: null, promptTokens: null }])
  })

  test('begin anew after the server was away', () => {
    const rises = new OutputRises()
    rises.take(report([tokens(1_000)]))
    rises.restart()
    expect(rises.take(report([tokens(9_000)]))).toEqual([])
    expect(rises.take(report([tokens(9_001)]))).toMatchObject([{ outputTokens: 1 }])
  })

  test('are told once the server counts again, and the whole counter is no rise', () => {
    const rises = new OutputRises()
    const off = { life: null, totals: [], counts: 'off' } as const
    expect(rises.take(off)).toEqual([])
    expect(rises.take(report([tokens(5_000)]))).toEqual([])
    expect(rises.take(off)).toEqual([])
    expect(rises.take(report([tokens(5_040)]))).toMatchObject([{ outputTokens: 40 }])
  })

  test('of a model that was let go of and loaded again count from nothing', () => {
    const rises = new OutputRises()
    rises.take(report([tokens(1_000)]))
    expect(rises.take(report([]))).toEqual([])
    expect(rises.take(report([tokens(30)]))).toMatchObject([{ outputTokens: 30 }])
  })

  const count = fc.option(fc.oneof(fc.nat(1_000_000), fc.maxSafeNat()), { nil: null })
  const series = fc.record({
    model: fc.constantFrom('a', 'b', null),
    promptTokens: count,
    outputTokens: count,
    images: count,
  })
  const look = fc.record({
    life: fc.constantFrom('1', '2', null),
    totals: fc.uniqueArray(series, { selector: ({ model }) => model, maxLength: 3 }),
  })

  test('are never negative, and never more than the counter itself', () => {
    fc.assert(
      fc.property(fc.array(look, { maxLength: 20 }), (looks) => {
        const rises = new OutputRises()
        for (const { life, totals } of looks) {
          const now = totals.map(({ model, ...told }) => outputTotals(model, told))
          for (const rise of rises.take(report(now, life))) {
            const total = now.find(({ model }) => model === rise.model)
            for (const what of COUNTED) {
              const by = rise[what]
              if (by === null) continue
              expect(by).toBeGreaterThanOrEqual(0)
              expect(by).toBeLessThanOrEqual(total?.[what] ?? Number.NaN)
            }
          }
        }
      }),
      fcOptions('servers', 200, 20_000),
    )
  })

  test('of a counter that only rises add up to what it rose by', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.array(fc.nat(10_000), { maxLength: 30 }), (start, steps) => {
        const counts = [start]
        for (const step of steps) counts.push((counts.at(-1) ?? 0) + step)
        const sum = risesOf(counts.map((one) => [one])).reduce<number>((a, b) => a + (b ?? 0), 0)
        expect(sum).toBe((counts.at(-1) ?? 0) - start)
      }),
      fcOptions('servers', 200, 20_000),
    )
  })
})
