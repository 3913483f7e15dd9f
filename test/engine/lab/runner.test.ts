import { expect, test } from 'vitest'
import { cellsOf, type LabPlan } from '../../../engine/lab/plan.ts'
import { type LabProgress, runLab } from '../../../engine/lab/runner.ts'
import { conclusions } from '../../../engine/lab/words.ts'
import { labModel } from '../../support/lab.ts'
import { LabMachine, type ModelTruth } from '../../support/lab-machine.ts'

/** 0.2 and 0.24 J a token, residency included. */
const TWO = {
  small: { msPerToken: 5, activeW: 40, tokens: 60 },
  large: { msPerToken: 8, activeW: 30, tokens: 50 },
} satisfies Record<string, ModelTruth>

const PROMPTS = {
  name: 'test',
  prompts: ['One.', 'Two.', 'Three.', 'Four.'].map((text) => ({ name: text, text, maxTokens: 100 })),
}

async function start(truth: Readonly<Record<string, ModelTruth>>, fields: Partial<LabPlan> = {}, concurrency = [1]) {
  const machine = new LabMachine(truth)
  await machine.listen()
  const models = Object.keys(truth).map((name) => labModel(name, { origin: machine.origin }))
  const cells = cellsOf(
    models,
    concurrency.map((one) => ({ concurrency: one, contextTokens: null })),
  )
  const plan: LabPlan = { cells, prompts: PROMPTS, seed: 7, budgetMs: 3_600_000, targetRatio: 0.05, ...fields }
  const progress: LabProgress[] = []
  return { machine, plan, progress, run: () => runLab(machine.world(), plan, (step) => progress.push(step)) }
}

test('each model’s energy a token is its true one, idle power and edges taken off, and the better one is named', async () => {
  const { run, progress } = await start(TWO)
  const { runs, judgement, end } = await run()
  expect(end).toBe('narrow')
  expect(runs).toHaveLength(10)
  const [small, large] = judgement.cells
  expect(small?.jPerToken).toBeCloseTo(0.2, 9)
  expect(large?.jPerToken).toBeCloseTo(0.24, 9)
  expect(small?.tokensPerS).toBeCloseTo(200, 9)
  expect(large?.tokensPerS).toBeCloseTo(125, 9)
  expect(small?.machineJPerToken).toBeCloseTo(0.25, 9)
  expect(small?.idleW).toBeCloseTo(3, 9)
  expect(small?.outputTokens).toBe(5 * 4 * 60)
  expect([small?.isOnFront, large?.isOnFront]).toEqual([true, false])
  expect(conclusions(judgement)).toEqual([
    'At concurrency 1 small takes the least energy per token: 17 % less than large (16 % to 17 %).',
  ])
  expect(progress.map(({ block }) => block)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
  expect(progress.at(-1)?.leftMs).toBeLessThan(3_600_000)
})

test('every block asks each model the same texts, which no other block has asked, so that no cache answers', async () => {
  const { machine, run } = await start(TWO)
  await run()
  const texts = (model: string) =>
    machine.asked.filter((one) => one.model === model && one.text.startsWith('[')).map(({ text }) => text)
  expect(texts('small').toSorted()).toEqual(texts('large').toSorted())
  expect(new Set(texts('small')).size).toBe(5 * PROMPTS.prompts.length)
})

test('so many requests are in flight as the setting says', async () => {
  const { machine, plan, run } = await start({ small: TWO.small }, {}, [1, 3])
  const { judgement } = await run()
  expect(Math.max(...machine.asked.map(({ at }) => at))).toBe(2)
  expect(judgement.pairs).toHaveLength(1)
  expect(plan.cells.map(({ setting }) => setting.concurrency)).toEqual([1, 3])
})

test('a run that others disturb is discarded and done again', async () => {
  const { machine, run } = await start(TWO)
  // Two to warm up, then five a run (one of them a word): the ninth chat lies in the second run.
  machine.onChat = (count) => {
    machine.othersRatio = count >= 9 && count <= 11 ? 0.8 : 0
  }
  const { runs, judgement, end } = await run()
  expect(end).toBe('narrow')
  expect(runs.filter((one) => !one.ok)).toMatchObject([{ block: 0, fault: 'disturbed' }])
  expect(judgement.cells.map((cell) => cell.runs)).toEqual([5, 5])
  expect(judgement.pairs[0]?.blocks).toBe(5)
})

test('a source that falls silent makes a gap, never a figure', async () => {
  const { machine, run } = await start(TWO, { budgetMs: 200_000 })
  machine.isSilent = true
  const { runs, end, judgement } = await run()
  expect(end).toBe('time')
  expect(new Set(runs.map((one) => (one.ok ? 'ok' : one.fault)))).toEqual(new Set(['gap']))
  expect(judgement.cells.every(({ jPerToken }) => jPerToken === null)).toBe(true)
})

test('stopped in the middle of a run it ends at once with what was whole', async () => {
  const { machine, run } = await start(TWO)
  machine.onChat = (count) => {
    if (count === 14) machine.stopping.abort()
  }
  const { runs, end, judgement } = await run()
  expect(end).toBe('stopped')
  expect(runs).toHaveLength(2)
  expect(judgement.pairs[0]?.verdict).toBe(null)
})

test('it ends when the time is up, and begins no run that would take longer', async () => {
  const { machine, run } = await start(TWO, { budgetMs: 60_000 })
  const beganMs = machine.nowMs
  const { end, runs } = await run()
  expect(end).toBe('time')
  expect(runs.length).toBeGreaterThan(1)
  expect(machine.nowMs - beganMs).toBeLessThanOrEqual(60_000)
})

test('a model that does not answer ends the lab before anything is measured', async () => {
  const { machine, run } = await start(TWO)
  machine.models.delete('large')
  const { end, problem, runs } = await run()
  expect([end, runs.length]).toEqual(['failed', 0])
  expect(problem?.reason).toMatch(/^large does not answer: http:.* has no model large\.$/)
})

test('a model that breaks off later is given up after three failures; the other one is measured to its end', async () => {
  const { machine, run } = await start(TWO)
  machine.misbehave = (model, response) => {
    if (model !== 'large' || machine.asked.length < 20) return false
    response.writeHead(200)
    response.write('data: {"choices":[{"delta":{"content":"so', () => response.destroy())
    return true
  }
  const { end, judgement } = await run()
  expect(end).toBe('narrow')
  expect(judgement.cells.map((cell) => cell.discarded.failed)).toEqual([0, 3])
  expect(judgement.pairs[0]?.verdict).toBe(null)
})

test('where a server reports no usage, pieces are counted and the figure is an estimate', async () => {
  const { run } = await start({ small: { ...TWO.small, usage: 'none' } })
  const { judgement } = await run()
  expect(judgement.cells[0]).toMatchObject({ tokensAreEstimate: true, outputTokens: 5 * 4 * 60 })
})
