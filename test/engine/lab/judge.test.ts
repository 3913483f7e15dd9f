import { describe, expect, test } from 'vitest'
import { isNarrow, type Judgement, judge, LEAST_BLOCKS } from '../../../engine/lab/judge.ts'
import type { Cell } from '../../../engine/lab/plan.ts'
import { randomFrom } from '../../../engine/lab/random.ts'
import type { Run } from '../../../engine/lab/run.ts'
import { conclusions, verdictWords } from '../../../engine/lab/words.ts'
import { runs as counted } from '../../support/counts.ts'
import { labCells, noisyBlock, runFigures } from '../../support/lab.ts'

/** A lab as the runner plays it: it looks after every block, and ends when it has seen enough. */
function play(cells: readonly Cell[], truth: (cell: Cell) => number, sigma: number, seed: number, mostBlocks: number) {
  const random = randomFrom(seed)
  const runs: Run[] = []
  let judgement: Judgement = judge(cells, runs)
  for (let block = 0; block < mostBlocks; block++) {
    runs.push(...noisyBlock(cells, truth, sigma, block, random))
    if (block + 1 < LEAST_BLOCKS) continue
    judgement = judge(cells, runs)
    if (isNarrow(judgement.pairs, judgement.cells, 0.05)) break
  }
  return judgement
}

const isConcluded = ({ pairs }: Judgement) => pairs.some(({ verdict }) => verdict === 'aLess' || verdict === 'bLess')

describe('the noise', () => {
  test.each([
    [2, 0.03, 8],
    [3, 0.03, 8],
  ])('of %d equal models (σ %d) is taken for a difference in fewer than 5 of 100 labs', (models, sigma, most) => {
    const labs = counted('lab', 250, 4_000)
    const cells = labCells(models)
    let wrong = 0
    for (let seed = 0; seed < labs; seed++)
      if (isConcluded(play(cells, () => 0.5, sigma, 7_919 * seed + models, most))) wrong++
    // Three standard errors of a count beyond the stated rate: a right lab is not called wrong by bad luck.
    expect(wrong / labs).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / labs))
  })

  test('does not hide a true difference of 10 % for long', () => {
    const labs = counted('lab', 40, 400)
    let found = 0
    for (let seed = 0; seed < labs; seed++) {
      const { pairs } = play(labCells(2), ({ id }) => (id === 0 ? 0.5 : 0.55), 0.03, seed + 1, 25)
      if (pairs[0]?.verdict === 'aLess') found++
    }
    expect(found / labs).toBeGreaterThan(0.95)
  })
})

test('what blocks have in common (a warm card, a cold room) does not blur a comparison within them', () => {
  const cells = labCells(2)
  const runs = [1, 1.3, 0.8, 1.1, 0.9, 1.2].flatMap((drift, block): Run[] => [
    { cell: 0, block, ok: true, figures: runFigures(0.5 * drift) },
    { cell: 1, block, ok: true, figures: runFigures(0.525 * drift * (1 + 0.001 * (block % 2))) },
  ])
  const judgement = judge(cells, runs)
  expect(judgement.pairs[0]).toMatchObject({ blocks: 6, verdict: 'aLess' })
  expect(judgement.pairs[0]?.ratio).toBeCloseTo(1.0505, 3)
  expect(judgement.cells[0]?.randomRatio).toBeGreaterThan(0.15)
  expect(conclusions(judgement)).toEqual([
    'At concurrency 1 model-0 takes the least energy per token: 4.8 % less than model-1 (4.7 % to 4.9 %).',
  ])
})

describe('errors that repeating does not shrink', () => {
  const part = (domain: string, gainRatio: number, energyRatio: number) => ({
    ...{ domain, root: domain, gainRatio, floorRatio: 0, energyRatio, floorShareRatio: 0 },
  })
  const runsOf = (parts: ReturnType<typeof part>[], jPerToken: number, cell: number): Run[] =>
    [0, 1, 2, 3, 4, 5].map((block) => ({
      ...{ cell, block, ok: true as const },
      figures: runFigures(jPerToken * (1 + 0.001 * ((block + cell) % 3)), { parts }),
    }))

  test('of one card are a common factor of two models on it: 4 % are seen although the card is known to 10 %', () => {
    const card = [part('gpu/0', 0.05, 1)]
    const { pairs } = judge(labCells(2), [...runsOf(card, 0.5, 0), ...runsOf(card, 0.52, 1)])
    expect(pairs[0]?.verdict).toBe('aLess')
  })

  test('of two cards are not: there the same 4 % are no difference that can be seen', () => {
    const { pairs } = judge(labCells(2), [
      ...runsOf([part('gpu/0', 0.05, 1)], 0.5, 0),
      ...runsOf([part('gpu/1', 0.05, 1)], 0.52, 1),
    ])
    expect(pairs[0]?.verdict).toBe('same')
    expect(pairs[0]?.low).toBeLessThan(1)
    expect(pairs[0]?.high).toBeGreaterThan(1.15)
  })
})

test('with fewer than five blocks nothing is concluded, however clear it looks', () => {
  const runs = [0, 1, 2, 3].flatMap((block): Run[] => [
    { cell: 0, block, ok: true, figures: runFigures(0.5 + block / 10_000) },
    { cell: 1, block, ok: true, figures: runFigures(1 + block / 9_000) },
  ])
  const judgement = judge(labCells(2), runs)
  expect(judgement.pairs[0]?.verdict).toBe(null)
  expect(conclusions(judgement)).toEqual(['At concurrency 1 there were too few repeats to conclude anything.'])
  expect(judgement.cells.map((cell) => verdictWords(cell, judgement))).toEqual(['too few repeats', 'too few repeats'])
})

test('a cell without a run that counts has no figure, and says why', () => {
  const runs: Run[] = [
    { cell: 0, block: 0, ok: true, figures: runFigures(0.5) },
    {
      cell: 1,
      block: 0,
      ok: false,
      fault: 'disturbed',
      reason: 'model-1: other programs kept the machine busy meanwhile.',
    },
  ]
  const judgement = judge(labCells(2), runs)
  expect(judgement.cells[1]).toMatchObject({ jPerToken: null, tokensPerS: null, runs: 0, isOnFront: false })
  expect(judgement.cells[1]?.discarded).toEqual({ disturbed: 1, gap: 0, failed: 0 })
  expect(verdictWords(judgement.cells[1] as never, judgement)).toContain('other programs')
})

test('the settings of one model are compared where there is one model', () => {
  const cells = labCells(1, [
    { concurrency: 1, contextTokens: null },
    { concurrency: 4, contextTokens: null },
  ])
  const runs = [0, 1, 2, 3, 4, 5].flatMap((block): Run[] => [
    { cell: 0, block, ok: true, figures: runFigures(0.8 + block / 1_000) },
    { cell: 1, block, ok: true, figures: runFigures(0.4 + block / 1_500) },
  ])
  expect(conclusions(judge(cells, runs))[0]).toMatch(
    /^With model-0 concurrency 4 takes the least energy per token: 50 % less than concurrency 1/,
  )
})
