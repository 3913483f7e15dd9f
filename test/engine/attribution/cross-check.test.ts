import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCrossCheck } from '../../../engine/attribution/cross-check.ts'
import { fcOptions } from '../../support/counts.ts'

const MINUTE_MS = 60_000

/** Both accounts of so many minutes: the own by the second, the other in its own intervals. */
function played(ownW: number, otherW: number, minutes: number, otherEveryMs = 7_000) {
  const check = createCrossCheck(0.025, 0.05)
  const endMs = minutes * MINUTE_MS
  for (let atMs = 0; atMs < endMs; atMs += 1_000)
    check.add('own', { fromMs: atMs, toMs: atMs + 1_000, energyMj: ownW * 1_000 })
  for (let atMs = 0; atMs < endMs; atMs += otherEveryMs)
    check.add('other', { fromMs: atMs, toMs: atMs + otherEveryMs, energyMj: otherW * otherEveryMs })
  return check.verdict(endMs)
}

test('nothing is said before ten minutes were seen by both', () => {
  expect(played(24, 31, 5)).toEqual({ kind: 'tooShort' })
  const check = createCrossCheck(0.025, 0.05)
  for (let atMs = 0; atMs < 20 * MINUTE_MS; atMs += 1_000)
    check.add('own', { fromMs: atMs, toMs: atMs + 1_000, energyMj: 1 })
  expect(check.verdict(20 * MINUTE_MS)).toEqual({ kind: 'tooShort' })
})

test('two accounts within their uncertainties agree, and further apart disagree', () => {
  expect(played(30, 31, 12)).toMatchObject({ kind: 'agrees' })
  const verdict = played(24, 31, 12)
  expect(verdict).toMatchObject({ kind: 'disagrees' })
  if (verdict.kind !== 'tooShort') expect([verdict.ownW, verdict.otherW].map(Math.round)).toEqual([24, 31])
})

test('what was long ago does not count', () => {
  const check = createCrossCheck(0.025, 0.05)
  for (let atMs = 0; atMs < 40 * MINUTE_MS; atMs += 1_000) {
    const otherW = atMs < 20 * MINUTE_MS ? 90 : 30
    check.add('own', { fromMs: atMs, toMs: atMs + 1_000, energyMj: 30_000 })
    check.add('other', { fromMs: atMs, toMs: atMs + 1_000, energyMj: otherW * 1_000 })
  }
  expect(check.verdict(40 * MINUTE_MS)).toMatchObject({ kind: 'agrees' })
})

test('means are those of the energies, whatever the intervals', () => {
  const lengths = fc.array(fc.integer({ min: 100, max: 90_000 }), { minLength: 60, maxLength: 400 })
  fc.assert(
    fc.property(lengths, fc.double({ min: 0.1, max: 500, noNaN: true }), (own, powerW) => {
      const check = createCrossCheck(0.05, 0.05)
      let atMs = 0
      for (const lengthMs of own) {
        for (const account of ['own', 'other'] as const)
          check.add(account, { fromMs: atMs, toMs: atMs + lengthMs, energyMj: powerW * lengthMs })
        atMs += lengthMs
      }
      const verdict = check.verdict(atMs)
      if (verdict.kind === 'tooShort') return
      expect(verdict.kind).toBe('agrees')
      expect(verdict.ownW / powerW).toBeCloseTo(1, 6)
    }),
    fcOptions('attribution', 100, 5_000),
  )
})
