import type { Now } from '../../contract/now.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, type ExitCode, exitCodeOf } from '../exit.ts'
import { appLines, domainLines, headLines, modelLines, noticeLines, nowJson, overheadLines } from '../now-view.ts'
import { watchOption } from '../options.ts'
import { type Reached, reachEngine } from '../reach.ts'
import { blindExit, firstNow, withProgress } from '../ticks.ts'

export const now: Command = {
  name: 'now',
  summary: 'what the machine and its AI apps draw at this moment',
  about: [
    'Asks the engine that runs for this data directory (the tray app, or perwatt service). Where none runs, it measures by itself for a second and keeps nothing.',
    '≈ marks a figure that is mostly estimated; ± is the half-width of the interval that holds the truth 95 times in 100.',
  ],
  options: [watchOption],
  examples: [
    {
      line: 'perwatt now',
      output: `≈ 5.1 W machine   ≈ 1.9 W AI ± 0.9   ≈ 2.6 W idle   ≈ 0.6 W other
2026-11-25 14:03   Estimated: perwatt doctor says what would make it measured.

APP      POWER         SHARE  ACTIVE   IDLE  CORES  PROCESSES
Ollama   1.9 W  ± 0.9   37 %   1.9 W  0.0 W   0.92          2
Perwatt  0.0 W           0 %   0.0 W  0.0 W   0.00          1`,
    },
    { line: "perwatt now --json | jq '.machine.aiPowerW'", output: '1.94' },
    { line: 'perwatt now --watch --json >> watts.jsonl' },
  ],
  async run(context) {
    const reached = await withProgress(context, 'Measuring for a second …', reachEngine(context))
    if (!reached.ok) {
      context.terminal.complain(reached)
      return exitCodeOf(reached)
    }
    try {
      return await (context.args.has('watch') ? watch(context, reached.value) : once(context, reached.value))
    } finally {
      await reached.value.close()
    }
  },
}

async function once(context: Context, reached: Reached): Promise<ExitCode> {
  const tick = await withProgress(context, 'Measuring for a second …', firstNow(reached.client))
  if (!tick.ok) {
    context.terminal.complain(tick)
    return exitCodeOf(tick)
  }
  show(context, tick.value, reached.hello !== null)
  return tick.value.state === 'blind' ? blindExit(reached.client) : EXIT.done
}

async function watch(context: Context, reached: Reached): Promise<ExitCode> {
  const off = reached.client.on('tick', (tick) => {
    if (tick.state === 'warming') return
    show(context, tick, reached.hello !== null)
    if (!context.args.has('json')) context.terminal.print('')
  })
  const reason = await reached.ended
  off()
  context.terminal.complain({ ok: false, code: 'engineDown', reason, remedy: null })
  return EXIT.failed
}

function show({ args, terminal }: Context, tick: Now, isAttached: boolean): void {
  if (args.has('json')) {
    terminal.printJson(nowJson(tick, isAttached), args.has('watch') ? 'line' : undefined)
    return
  }
  const blocks = [
    [...headLines(tick, terminal), ...overheadLines(tick, terminal)],
    appLines(tick, terminal, { isLong: isAttached }),
    modelLines(tick, terminal),
    domainLines(tick, terminal),
    noticeLines(tick.notices, terminal),
  ]
  terminal.print(
    blocks
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n'),
  )
}
