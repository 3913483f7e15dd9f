import type { Command } from '../command.ts'
import { isoTime } from '../format.ts'
import { rangeLine, runKept, watchKeptOption } from '../kept-command.ts'
import { rangeOptions } from '../range.ts'
import type { AppsJson } from '../shapes.ts'
import { table } from '../table.ts'
import { appColumns, appJson } from '../work-view.ts'

export const apps: Command = {
  name: 'apps',
  summary: 'what each AI app drew, and what it delivered for that',
  about: [
    'Energy and output of whole hours: those that the range touches. IDLE is what an app caused while it delivered nothing.',
    '“Not reported” means that nobody counted: servers that keep no totals can be counted by perwatt meter. Tokens that were computed elsewhere are shown, and never set against the joules of this machine.',
  ],
  options: [...rangeOptions('7d'), watchKeptOption],
  examples: [
    {
      line: 'perwatt apps --since 7d',
      output: `2026-11-18 14:00 to 2026-11-25 15:00   96 % covered

APP      ENERGY            IDLE  REQUESTS  TOKENS  IMAGES      TOKENS/J
Ollama   412 Wh  ± 4 %   111 Wh     2 204  1.24 M       –         0.838
ComfyUI  231 Wh  ± 9 %  88.0 Wh       312       –     312  not reported`,
    },
    { line: "perwatt apps --json | jq '.rows[] | [.name, .tokensPerJ, .reason]'" },
  ],
  run(context) {
    const { args, terminal } = context
    return runKept(context, {
      name: 'apps',
      since: '7d',
      inputOf: (range) => range,
      show({ told }) {
        const { fromS, toS, coverageRatio, rows } = told
        if (args.has('json')) {
          const json: AppsJson = {
            ...{ schema: 'perwatt.apps/1', from: isoTime(fromS), to: isoTime(toS), coverageRatio },
            rows: rows.map(appJson),
          }
          terminal.printJson(json, args.has('watch') ? 'line' : undefined)
          return
        }
        const lines =
          rows.length === 0
            ? ['No AI app drew or delivered anything.']
            : table(appColumns, rows, { width: terminal.columns })
        terminal.print([rangeLine(terminal, told, coverageRatio), '', ...lines].join('\n'))
      },
    })
  },
}
