import type { Now } from '../../contract/now.ts'
import { problem } from '../../contract/result.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, type ExitCode, exitCodeOf } from '../exit.ts'
import { appLines, domainLines, headLines, noticeLines, nowJson } from '../now-view.ts'
import { type Reached, reachEngine } from '../reach.ts'
import { Screen } from '../screen.ts'
import type { Terminal } from '../terminal.ts'
import { withProgress } from '../ticks.ts'

export const top: Command = {
  name: 'top',
  summary: 'a live table of the AI apps, by watts',
  about: [
    'Redraws at every tick (1 s); q or Ctrl-C ends it. Where stdout is no terminal it prints one plain table a tick instead.',
  ],
  options: [{ name: 'count', value: 'N', text: 'end after N ticks' }],
  examples: [{ line: 'perwatt top' }, { line: 'perwatt top --count 3 | cat' }, { line: 'ssh server perwatt top' }],
  async run(context) {
    const limit = readCount(context)
    if (limit === null) {
      const reason = `--count is a whole number from 1, not "${context.args.text('count')}".`
      context.terminal.complain(problem('badInput', reason))
      return EXIT.usage
    }
    const reached = await withProgress(context, 'Measuring for a second …', reachEngine(context))
    if (!reached.ok) {
      context.terminal.complain(reached)
      return exitCodeOf(reached)
    }
    try {
      const { terminal, args } = context
      const show = terminal.isInteractive && !args.has('json') ? showLive : showPlain
      return await show(context, reached.value, limit)
    } finally {
      await reached.value.close()
    }
  },
}

function readCount({ args }: Context): number | null {
  const text = args.text('count')
  if (text === null) return Number.POSITIVE_INFINITY
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null
}

/** Calls `show` with each complete tick; resolves after `limit` of them, or with the reason why no more will come. */
function eachTick(reached: Reached, limit: number, show: (tick: Now) => void): Promise<string | null> {
  return new Promise((resolve) => {
    let left = limit
    const settle = (reason: string | null) => {
      off()
      resolve(reason)
    }
    const off = reached.client.on('tick', (tick) => {
      if (tick.state === 'warming' || left <= 0) return
      show(tick)
      left -= 1
      if (left <= 0) settle(null)
    })
    void reached.ended.then(settle)
  })
}

async function showPlain(context: Context, reached: Reached, limit: number): Promise<ExitCode> {
  const { terminal, args } = context
  const reason = await eachTick(reached, limit, (tick) => {
    if (args.has('json')) terminal.printJson(nowJson(tick, reached.hello !== null), 'line')
    else terminal.print(`${lines(tick, terminal, reached).join('\n')}\n`)
  })
  return ending(terminal, reason)
}

async function showLive({ terminal }: Context, reached: Reached, limit: number): Promise<ExitCode> {
  let latest = null as Now | null
  const draw = () => {
    if (latest !== null) screen.draw(lines(latest, terminal, reached))
  }
  const screen = new Screen(draw)
  screen.enter()
  try {
    screen.draw([terminal.tone('dim', 'The first second is being measured …')])
    const ticks = eachTick(reached, limit, (tick) => {
      latest = tick
      draw()
    })
    const reason = await Promise.race([ticks, screen.quit.then(() => null)])
    screen.leave()
    // Whoever asked for some ticks wants to read the last one.
    if (limit !== Number.POSITIVE_INFINITY && latest !== null)
      terminal.print(lines(latest, terminal, reached).join('\n'))
    return ending(terminal, reason)
  } finally {
    screen.leave()
  }
}

function ending(terminal: Terminal, reason: string | null): ExitCode {
  if (reason === null) return EXIT.done
  terminal.complain(problem('engineDown', reason))
  return EXIT.failed
}

function lines(tick: Now, terminal: Terminal, reached: Reached): string[] {
  const notices = noticeLines(tick.notices, terminal)
  return [
    ...headLines(tick, terminal),
    '',
    ...appLines(tick, terminal, { isLong: reached.hello !== null }),
    '',
    ...domainLines(tick, terminal),
    ...(notices.length > 0 ? ['', ...notices] : []),
  ]
}
