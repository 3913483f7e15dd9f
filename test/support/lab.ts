import { AppId } from '../../contract/ids.ts'
import { type Cell, cellsOf, type LabModel } from '../../engine/lab/plan.ts'
import type { Run, RunFigures } from '../../engine/lab/run.ts'

export function labModel(key: string, fields: Partial<LabModel> = {}): LabModel {
  return {
    ...{ key, name: key, quantisation: null, engine: 'Ollama', origin: 'http://127.0.0.1:1', canUnload: false },
    app: AppId.parse('ollama'),
    dialect: { kind: 'openai', path: '/v1/chat/completions' },
    ...fields,
  }
}

export function labCells(models: number, settings = [{ concurrency: 1, contextTokens: null }]): Cell[] {
  const names = Array.from({ length: models }, (_, at) => labModel(`model-${at}`))
  return cellsOf(names, settings)
}

export function runFigures(jPerToken: number, fields: Partial<RunFigures> = {}): RunFigures {
  return {
    ...{ durationMs: 20_000, energyMj: jPerToken * 1_000 * 1_000, machineMj: jPerToken * 2_000 * 1_000, idleW: 2 },
    ...{ promptTokens: 300, outputTokens: 1_000, tokensAreEstimate: false, ttftMs: [100], estimatedRatio: 0 },
    ...{ uncertainty: 0.06, parts: [] },
    ...fields,
  }
}

/** One block: each cell once, at its true J/token, with noise that the block's cells share and noise of each run, both log-normal. */
export function noisyBlock(
  cells: readonly Cell[],
  truth: (cell: Cell) => number,
  sigma: number,
  block: number,
  random: () => number,
): Run[] {
  const common = sigma * normal(random)
  return cells.map((cell) => ({
    ...{ cell: cell.id, block, ok: true as const },
    figures: runFigures(truth(cell) * Math.exp(common + sigma * normal(random))),
  }))
}

/** Box–Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
