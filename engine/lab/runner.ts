import { type Problem, problem } from '../../contract/result.ts'
import { isNarrow, type Judgement, judge, LEAST_BLOCKS } from './judge.ts'
import { runCell, warm } from './measured-run.ts'
import { type Cell, type LabPlan, orderOf } from './plan.ts'
import type { Run } from './run.ts'
import type { LabWorld } from './world.ts'

export type LabProgress = {
  /** From 1. */
  readonly block: number
  readonly cell: Cell
  readonly leftMs: number
  readonly judgement: Judgement
}

export type LabEnd = 'narrow' | 'time' | 'stopped' | 'failed'
export type LabOutcome = {
  readonly runs: readonly Run[]
  readonly judgement: Judgement
  readonly end: LabEnd
  /** Why it could not go on; `null` otherwise. */
  readonly problem: Problem | null
}

/** A cell is tried so often within a block, and given up after as many failures in a row. */
const TRIES = 3

/**
 * Block after block until every interval is narrow, the time is up or somebody stops it; what was measured until then is always told. One
 * round of warming up goes before: it loads what is not loaded, finds servers that do not answer, and is not measured.
 */
export async function runLab(
  world: LabWorld,
  plan: LabPlan,
  onProgress: (progress: LabProgress) => void = () => {},
): Promise<LabOutcome> {
  const { cells } = plan
  const startMs = world.nowMs()
  const runs: Run[] = []
  const failures = new Map<number, number>()
  const takenMs: number[] = []
  let judgement = judge(cells, runs)
  const outcome = (end: LabEnd, why: Problem | null = null): LabOutcome => ({ runs, judgement, end, problem: why })
  const leftMs = () => Math.max(0, plan.budgetMs - (world.nowMs() - startMs))
  const isLost = (cell: Cell) => (failures.get(cell.id) ?? 0) >= TRIES

  /** `null` where the lab has to end. */
  async function measure(cell: Cell, block: number): Promise<Problem | null> {
    for (let turn = 0; turn < TRIES && !isLost(cell); turn++) {
      onProgress({ block: block + 1, cell, leftMs: leftMs(), judgement })
      const beganMs = world.nowMs()
      const measured = await runCell(world, plan, cell, block)
      if (world.stop.aborted) return null
      if (!measured.ok) return measured
      const run = measured.value
      takenMs.push(world.nowMs() - beganMs)
      runs.push(run)
      failures.set(cell.id, !run.ok && run.fault === 'failed' ? (failures.get(cell.id) ?? 0) + 1 : 0)
      if (run.ok || isOver()) return null
    }
    return null
  }

  /** A run that could not end in time is not begun. */
  function isOver(): boolean {
    const usualMs = takenMs.length === 0 ? 0 : takenMs.reduce((sum, one) => sum + one, 0) / takenMs.length
    return world.stop.aborted || leftMs() <= usualMs
  }

  for (const cell of cells) {
    const answer = await warm(world, cell)
    if (world.stop.aborted) return outcome('stopped')
    if (!answer.ok)
      return outcome(
        'failed',
        problem(answer.code, `${cell.model.key} does not answer: ${answer.reason}`, answer.remedy),
      )
  }
  for (let block = 0; ; block++) {
    for (const cell of orderOf(cells, plan.seed, block)) {
      if (isOver()) return outcome(world.stop.aborted ? 'stopped' : 'time')
      const fault = await measure(cell, block)
      judgement = judge(cells, runs)
      if (fault !== null) return outcome('failed', fault)
    }
    if (world.stop.aborted) return outcome('stopped')
    const going = cells.filter((cell) => !isLost(cell))
    if (going.length === 0) return outcome('failed', problem('failed', lastReason(runs)))
    const chances = new Set(going.map(({ id }) => id))
    const pairs = judgement.pairs.filter(({ a, b }) => chances.has(a.id) && chances.has(b.id))
    const figures = judgement.cells.filter(({ cell }) => chances.has(cell.id))
    if (block + 1 >= LEAST_BLOCKS && isNarrow(pairs, figures, plan.targetRatio)) return outcome('narrow')
  }
}

function lastReason(runs: readonly Run[]): string {
  return runs.flatMap((run) => (run.ok ? [] : [run.reason])).at(-1) ?? 'Nothing could be measured.'
}
