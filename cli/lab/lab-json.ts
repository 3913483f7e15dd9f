import type { Judgement, PairFinding } from '../../engine/lab/judge.ts'
import type { LabPlan } from '../../engine/lab/plan.ts'
import type { LabOutcome } from '../../engine/lab/runner.ts'
import { conclusions, verdictWords } from '../../engine/lab/words.ts'
import { isoTime } from '../format.ts'
import type { LabJson } from '../shapes.ts'

/** A lab as it is printed and kept. Of the prompts there is the set's name alone. */
export function labJson(
  plan: LabPlan,
  { runs, judgement, end, problem }: LabOutcome,
  when: { readonly startedS: number; readonly durationMs: number },
): LabJson {
  return {
    schema: 'perwatt.lab/1',
    id: isoTime(when.startedS).slice(0, 19).replace('T', '-').replaceAll(':', ''),
    startedAt: isoTime(when.startedS),
    durationMs: when.durationMs,
    ended: end,
    reason: problem?.reason ?? null,
    prompts: { name: plan.prompts.name, count: plan.prompts.prompts.length },
    ...{ seed: plan.seed, targetRatio: plan.targetRatio },
    conclusions: conclusions(judgement),
    cells: cellsJson(judgement),
    pairs: judgement.pairs.map(pairJson),
    runs: runs.map((run) =>
      run.ok
        ? { cell: run.cell, block: run.block, fault: null, ...runJson(run.figures) }
        : { cell: run.cell, block: run.block, fault: run.fault, ...NO_RUN },
    ),
  }
}

const NO_RUN = { energyMj: null, machineMj: null, durationMs: null, promptTokens: null, outputTokens: null }

function runJson(figures: Extract<LabOutcome['runs'][number], { ok: true }>['figures']) {
  const { energyMj, machineMj, durationMs, promptTokens, outputTokens } = figures
  return { energyMj: Math.round(energyMj), machineMj: Math.round(machineMj), durationMs, promptTokens, outputTokens }
}

function cellsJson(judgement: Judgement): LabJson['cells'] {
  return judgement.cells.map((figures) => {
    const { cell, discarded, ...rest } = figures
    const { model, setting } = cell
    return {
      ...{ id: cell.id, model: model.key, quantisation: model.quantisation, engine: model.engine, app: model.app },
      ...setting,
      runs: rest.runs,
      discarded: discarded.disturbed + discarded.gap + discarded.failed,
      ...{ tokensPerS: rest.tokensPerS, jPerToken: rest.jPerToken },
      ...{ uncertainty: rest.uncertainty, randomRatio: rest.randomRatio },
      ...{ machineJPerToken: rest.machineJPerToken, ttftMs: rest.ttftMs, idleW: rest.idleW },
      ...{ outputTokens: rest.outputTokens, tokensAreEstimate: rest.tokensAreEstimate },
      ...{ estimatedRatio: rest.estimatedRatio, isOnFront: rest.isOnFront },
      verdict: verdictWords(figures, judgement),
      reason: rest.reason,
    }
  })
}

function pairJson({ a, b, blocks, ratio, low, high, verdict }: PairFinding): LabJson['pairs'][number] {
  return { a: a.id, b: b.id, blocks, ratio, low, high, verdict }
}
