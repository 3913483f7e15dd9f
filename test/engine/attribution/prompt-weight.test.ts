import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PromptWeightLearner } from '../../../engine/attribution/prompt-weight.ts'
import { fcOptions } from '../../support/counts.ts'

describe('what a prompt token weighs against a generated one', () => {
  test('is a rule of thumb before 50 intervals', () => {
    const learner = new PromptWeightLearner('gpu')
    expect(learner.value).toEqual({ weight: 0.03, provenance: 'estimate' })
    for (let n = 0; n < 49; n++)
      learner.learn({ activeMj: 100 + n, busyMs: 1_000, promptTokens: n, outputTokens: 50 - n })
    expect(learner.value.provenance).toBe('estimate')
    expect(new PromptWeightLearner('cpu').value.weight).toBe(0.2)
  })

  test('is learned from intervals of which it is true, whatever the machine draws besides', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.005, max: 0.6, noNaN: true }),
        fc.double({ min: 5, max: 2_000, noNaN: true }),
        fc.double({ min: 0, max: 5_000, noNaN: true }),
        fc.array(fc.tuple(fc.nat(4_000), fc.nat(200), fc.double({ min: 0.97, max: 1.03, noNaN: true })), {
          minLength: 120,
          maxLength: 120,
        }),
        (weight, mjPerToken, mjPerS, intervals) => {
          const learner = new PromptWeightLearner('gpu')
          for (const [promptTokens, outputTokens, noise] of intervals) {
            const activeMj = (mjPerS + mjPerToken * (weight * promptTokens + outputTokens)) * noise
            learner.learn({ activeMj, busyMs: 1_000, promptTokens, outputTokens })
          }
          const learned = learner.value
          // Noise of 3 % on a large constant hides small differences; what is learned never misleads by more than a small amount.
          const signal = mjPerToken * (weight * 2_000 + 100)
          if (learned.provenance === 'learned' && signal > mjPerS)
            expect(Math.abs(learned.weight - weight)).toBeLessThan(0.03 + 0.4 * weight)
          expect(learned.weight).toBeGreaterThanOrEqual(0)
          expect(learned.weight).toBeLessThanOrEqual(2)
        },
      ),
      fcOptions('attribution', 60, 3_000),
    )
  })

  test('is not concluded where prompts and answers always went together', () => {
    const learner = new PromptWeightLearner('cpu')
    for (let n = 1; n < 100; n++)
      learner.learn({ activeMj: 1_000 * n, busyMs: 500, promptTokens: 10 * n, outputTokens: n })
    expect(learner.value).toEqual({ weight: 0.2, provenance: 'estimate' })
  })

  test('survives a restart, and kept nonsense is left out', () => {
    const before = new PromptWeightLearner('gpu')
    for (let n = 0; n < 80; n++)
      before.learn({ activeMj: 2 * (n * 0.1 + (80 - n)), busyMs: 100, promptTokens: n, outputTokens: 80 - n })
    const kept = JSON.parse(JSON.stringify(before.state))
    expect(new PromptWeightLearner('gpu', kept).value).toEqual(before.value)
    for (const nonsense of [
      null,
      7,
      {},
      { xx: [1], xy: [], intervals: 3 },
      { xx: Array(9).fill(null), xy: [1, 2, 3], intervals: 99 },
    ])
      expect(new PromptWeightLearner('gpu', nonsense).value.provenance).toBe('estimate')
  })

  test('nothing that is no measurement is learned from', () => {
    const learner = new PromptWeightLearner('gpu')
    for (const activeMj of [Number.NaN, -1, Number.POSITIVE_INFINITY])
      learner.learn({ activeMj, busyMs: 1, promptTokens: 5, outputTokens: 5 })
    expect(learner.state.intervals).toBe(0)
  })
})
