import type { JobRow } from '../../contract/models.ts'
import type { Command } from '../command.ts'
import { clockTime, duration, energy, isoTime, plusMinusPct } from '../format.ts'
import { rangeLine, runKept } from '../kept-command.ts'
import { rangeOptions } from '../range.ts'
import type { JobsJson } from '../shapes.ts'
import { type Column, table } from '../table.ts'

const columns: readonly Column<JobRow>[] = [
  { title: 'STARTED', text: (job) => clockTime(job.startS) },
  { title: 'LABEL', isElastic: true, text: (job) => job.label },
  {
    title: 'TOOK',
    align: 'right',
    text: (job) => (job.endS === null ? 'running' : took(job.endS - job.startS)),
  },
  {
    title: 'ENERGY',
    align: 'right',
    text: (job) => energy(job.energyMj, { estimatedRatio: job.provenance === 'estimate' ? 1 : 0 }),
  },
  { title: '', text: (job) => plusMinusPct(job.uncertainty) },
  { title: 'EXIT', align: 'right', text: (job) => (job.exitCode === null ? '–' : String(job.exitCode)) },
  { title: 'APP', text: (job) => job.app ?? '–' },
]

/** Kept to the second. */
const took = (lengthS: number) => (lengthS === 0 ? '<1 s' : duration(1_000 * lengthS))

export const jobs: Command = {
  name: 'jobs',
  summary: 'training, fine-tuning and batch runs, each as a whole',
  about: [
    'A run is kept with perwatt run --label TEXT -- CMD; training processes that are recognised are kept by themselves.',
  ],
  options: rangeOptions('30d'),
  examples: [
    {
      line: 'perwatt jobs --since 30d',
      output: `2026-10-26 14:03 to 2026-11-25 14:03

STARTED           LABEL         TOOK        ENERGY         EXIT  APP
2026-11-24 21:12  lora on docs  3 h 20 min  1.12 kWh  ± 4 %     0  –`,
    },
    { line: "perwatt jobs --json | jq '.rows[] | [.label, .energyMj]'" },
  ],
  run(context) {
    const { args, terminal } = context
    return runKept(context, {
      name: 'jobs',
      since: '30d',
      inputOf: (range) => range,
      show({ told: { rows } }, range) {
        if (args.has('json')) {
          const json: JobsJson = {
            ...{ schema: 'perwatt.jobs/1', from: isoTime(range.fromS), to: isoTime(range.toS) },
            rows: rows.map(({ startS, endS, ...job }) => ({
              ...job,
              startedAt: isoTime(startS),
              endedAt: endS === null ? null : isoTime(endS),
              vpwu: null,
            })),
          }
          terminal.printJson(json)
          return
        }
        const lines = rows.length === 0 ? ['No run was kept.'] : table(columns, rows, { width: terminal.columns })
        terminal.print([rangeLine(terminal, range), '', ...lines].join('\n'))
      },
    })
  },
}
