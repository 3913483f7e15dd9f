import type { Command } from '../command.ts'
import { isoTime } from '../format.ts'
import { rangeLine, runKept, watchKeptOption } from '../kept-command.ts'
import { rangeOptions } from '../range.ts'
import type { ModelsJson } from '../shapes.ts'
import { table } from '../table.ts'
import { modelColumns, modelJson } from '../work-view.ts'

export const models: Command = {
  name: 'models',
  summary: 'what each model drew and delivered: tokens per joule, joules per token',
  about: [
    'A model’s energy is part of its app’s: what was drawn at work by the work that each model did, what was drawn while idle by the memory that each holds. The energy of loading a model is its own.',
    'Figures of two models compare fairly only for the same kind of work: the same prompts, the same lengths, as many at once.',
  ],
  options: [...rangeOptions('7d'), watchKeptOption],
  examples: [
    {
      line: 'perwatt models --since 7d',
      output: `2026-11-18 14:00 to 2026-11-25 15:00   96 % covered

MODEL            APP     ENERGY            IDLE  REQUESTS  TOKENS  TOKENS/S  J/TOKEN  TOKENS/J
qwen3:8b Q4_K_M  ollama  301 Wh  ± 6 %  71.0 Wh     1 904  1.10 M      42.1    0.985      1.02`,
    },
    { line: "perwatt models --since 30d --json | jq -r '.rows[] | [.name, .jPerToken] | @tsv'" },
  ],
  run(context) {
    const { args, terminal } = context
    return runKept(context, {
      name: 'models',
      since: '7d',
      inputOf: (range) => range,
      show({ told, isLive }) {
        const { fromS, toS, coverageRatio, rows } = told
        if (args.has('json')) {
          const json: ModelsJson = {
            ...{ schema: 'perwatt.models/1', from: isoTime(fromS), to: isoTime(toS), coverageRatio },
            rows: rows.map((row) => modelJson(row, isLive)),
          }
          terminal.printJson(json, args.has('watch') ? 'line' : undefined)
          return
        }
        const none = ['No server told of a model. perwatt servers says which are connected.']
        const lines = rows.length === 0 ? none : table(modelColumns, rows, { width: terminal.columns })
        terminal.print([rangeLine(terminal, told, coverageRatio), '', ...lines].join('\n'))
      },
    })
  },
}
