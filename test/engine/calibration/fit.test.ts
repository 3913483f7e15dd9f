import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitLoadCurve, type LoadCurve, powerAt } from '../../../engine/calibration/fit.ts'
import { createLoadLevels, LevelsState, type LoadLevels } from '../../../engine/calibration/load-levels.ts'
import { fcOptions } from '../../support/counts.ts'

const LADDER = [0.02, 0.25, 0.5, 0.75, 1]
const LEVEL_S = 5

/** Eight pairs of five seconds at each load; `noise` says by how much each is off, relative. */
function pairsOf(curve: LoadCurve, loads: readonly number[], noise: (i: number) => number = () => 0): LoadLevels {
  const levels = createLoadLevels()
  let i = 0
  for (const utilisation of loads) {
    for (let n = 0; n < 8; n++) {
      const powerW = powerAt(curve, utilisation) * (1 + noise(i++))
      levels.add({ utilisation, powerW, errorW: powerW * 0.025, seconds: 5 })
    }
  }
  return levels
}

function fitOf(levels: LoadLevels) {
  const fit = fitLoadCurve(levels, LEVEL_S)
  if (!fit.ok) throw new Error(fit.reason)
  return fit.value
}

describe('a fit', () => {
  test('finds the line that there is, and is as uncertain as what it was fitted to', () => {
    const fit = fitOf(pairsOf({ idleW: 12, slopeW: 40, exponent: 1 }, LADDER))
    expect(fit.curve.exponent).toBe(1)
    expect(fit.curve.idleW).toBeCloseTo(12, 6)
    expect(fit.curve.slopeW).toBeCloseTo(40, 6)
    expect(fit).toMatchObject({ levels: 5 })
    expect(fit.r2).toBeCloseTo(1, 6)
    expect(fit.residualRatio).toBeLessThan(1e-4)
    expect(fit.gainRatio).toBeCloseTo(0.025, 4)
  })

  test('bends where the first busy core costs more than the last', () => {
    const bent = { idleW: 7, slopeW: 88, exponent: 0.6 }
    const { curve, residualRatio } = fitOf(pairsOf(bent, LADDER))
    expect(curve.exponent).toBe(0.6)
    expect(residualRatio).toBeLessThan(0.01)
    for (const load of [0, 0.1, 0.4, 0.9]) expect(powerAt(curve, load) / powerAt(bent, load)).toBeCloseTo(1, 1)
  })

  test('states a residual from pairs that had no part in it', () => {
    const levels = pairsOf({ idleW: 20, slopeW: 60, exponent: 1 }, LADDER)
    const state = levels.state()
    const higher = state.check.map(([bin, [s, u, uu, p, pp, up, e]]) => [
      bin,
      [s, u, uu, 1.05 * p, 1.05 ** 2 * pp, 1.05 * up, e],
    ])
    const fit = fitOf(createLoadLevels(LevelsState.parse({ fit: state.fit, check: higher })))
    expect(fit.curve.idleW).toBeCloseTo(20, 6)
    expect(fit.residualRatio).toBeCloseTo(0.05, 6)
  })

  test('is not made better at idling by hours of it', () => {
    const levels = pairsOf({ idleW: 10, slopeW: 50, exponent: 1 }, LADDER)
    for (let i = 0; i < 5_000; i++) levels.add({ utilisation: 0.01, powerW: 14, errorW: 0.1, seconds: 5 })
    expect(powerAt(fitOf(levels).curve, 1)).toBeGreaterThan(55)
  })

  test.each([
    ['none', [], 0],
    ['one', [0.5], 1],
    ['two', [0, 1], 2],
    ['three quiet ones', [0, 0.25, 0.5], 3],
    ['three busy ones', [0.5, 0.75, 1], 3],
  ])('is refused with %s of the load levels that it needs', (_, loads, seen) => {
    const fit = fitLoadCurve(pairsOf({ idleW: 10, slopeW: 50, exponent: 1 }, loads), LEVEL_S)
    expect(fit).toMatchObject({ ok: false, code: 'tooFewLevels', reason: expect.stringContaining(`${seen} load`) })
  })

  test('is refused where a level was there for a moment only', () => {
    const levels = pairsOf({ idleW: 10, slopeW: 50, exponent: 1 }, [0, 0.5])
    levels.add({ utilisation: 1, powerW: 60, errorW: 1, seconds: 5 })
    expect(fitLoadCurve(levels, LEVEL_S)).toMatchObject({ code: 'tooFewLevels' })
  })

  test('is refused where something else moved the power', () => {
    const noisy = pairsOf({ idleW: 40, slopeW: 4, exponent: 1 }, LADDER, (i) => ((i * 7) % 5) / 10)
    expect(fitLoadCurve(noisy, LEVEL_S)).toMatchObject({ code: 'poorFit', reason: expect.stringMatching(/only \d+ %/) })
  })

  test('is refused where less was drawn the more was done, or always the same', () => {
    const levels = createLoadLevels()
    const flat = createLoadLevels()
    for (const utilisation of LADDER) {
      for (let n = 0; n < 8; n++) {
        levels.add({ utilisation, powerW: 50 - 30 * utilisation, errorW: 1, seconds: 5 })
        flat.add({ utilisation, powerW: 50, errorW: 1, seconds: 5 })
      }
    }
    expect(fitLoadCurve(levels, LEVEL_S)).toMatchObject({ code: 'poorFit' })
    expect(fitLoadCurve(flat, LEVEL_S)).toMatchObject({ code: 'poorFit' })
  })
})

const line = fc.record({
  idleW: fc.double({ min: 0.5, max: 300, noNaN: true }),
  slopeRatio: fc.double({ min: 0.5, max: 20, noNaN: true }),
})

test('every line is found to within its noise, and the uncertainty that is stated says how well', () => {
  fc.assert(
    fc.property(
      line,
      fc.double({ min: 0, max: 0.03, noNaN: true }),
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 }),
      ({ idleW, slopeRatio }, size, noise) => {
        const truth = { idleW, slopeW: idleW * slopeRatio, exponent: 1 }
        const { curve, gainRatio } = fitOf(pairsOf(truth, LADDER, (i) => size * (noise[i] as number)))
        expect(gainRatio).toBeLessThan(0.1)
        for (const load of [0.02, 0.5, 1]) {
          const off = Math.abs(powerAt(curve, load) / powerAt(truth, load) - 1)
          expect(off).toBeLessThan(3 * size + 0.001)
        }
      },
    ),
    fcOptions('calibration', 60, 5_000),
  )
})

const anything = fc.oneof(
  fc.double(),
  fc.double({ min: 0, max: 1.5 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1e308, 5e-324),
)

test('whatever the pairs are, a fit is sound or refused, and what is kept of them can be read again', () => {
  const pair = fc.record({ utilisation: anything, powerW: anything, errorW: anything, seconds: anything })
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (pairs, faded) => {
      const levels = createLoadLevels()
      for (const one of pairs) levels.add(one)
      levels.fade(faded)
      const state = LevelsState.parse(JSON.parse(JSON.stringify(levels.state())))
      const fit = fitLoadCurve(createLoadLevels(state), LEVEL_S)
      expect(fit).toEqual(fitLoadCurve(levels, LEVEL_S))
      if (!fit.ok) return
      const { curve, residualRatio, gainRatio, r2 } = fit.value
      expect(curve.idleW).toBeGreaterThanOrEqual(0)
      expect(curve.slopeW).toBeGreaterThan(0)
      expect(residualRatio).toBeGreaterThanOrEqual(0)
      expect(gainRatio).toBeGreaterThan(0)
      expect(gainRatio).toBeLessThanOrEqual(1)
      expect(r2).toBeGreaterThanOrEqual(0.9)
    }),
    fcOptions('calibration', 200, 20_000),
  )
})

test('memory is bounded, however much is added', () => {
  const levels = createLoadLevels()
  for (let i = 0; i < 20_000; i++) levels.add({ utilisation: (i % 1_000) / 999, powerW: 10 + i, errorW: 1, seconds: 5 })
  const { fit, check } = levels.state()
  expect(Math.max(fit.length, check.length)).toBeLessThanOrEqual(25)
  for (let i = 0; i < 40; i++) levels.fade(0.5)
  expect(levels.state()).toEqual({ fit: [], check: [] })
})
