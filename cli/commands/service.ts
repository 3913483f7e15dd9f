import { userHome } from '../../engine/host/real/agent-files.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, type ExitCode, exitCodeOf } from '../exit.ts'
import { meterFile, queryThreadFile } from '../query-thread-file.ts'
import { VERSION } from '../version.ts'

export const service: Command = {
  name: 'service',
  summary: 'measure and keep the history without a display, until stopped',
  about: [
    'Runs the engine in the foreground: the same one that the tray app starts. Commands and a tray app that use this data directory attach to it. It opens no network port.',
    'SIGTERM or Ctrl-C writes out what was measured and ends it. docs/cli.md has a systemd unit.',
  ],
  options: [],
  examples: [
    { line: 'perwatt service', output: 'Measuring. History in /home/ada/.local/share/perwatt.' },
    { line: 'systemctl --user enable --now perwatt' },
  ],
  async run(context) {
    const { keepHeapSmall } = await import('../../engine/host/real/small-heap.ts')
    keepHeapSmall()
    const { hostOf } = await import('../machine.ts')
    const { serveEngine } = await import('../../engine/serve.ts')
    const serving = await serveEngine(hostOf(context), {
      version: VERSION,
      dataDir: context.dataDir,
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      threadFile: queryThreadFile(context.entry),
      userHome: userHome(),
      meterFile: meterFile(context.entry),
      settingsFile: context.args.text('config') ?? undefined,
      onBug: (where, error) => process.stderr.write(`perwatt: ${where}: ${String(error)}\n`),
    })
    if (!serving.ok) {
      context.terminal.complain(serving)
      return exitCodeOf(serving)
    }
    context.terminal.note(`Measuring. History in ${context.dataDir}.`)
    return stopWhenAsked(context, serving.value)
  },
}

async function stopWhenAsked(
  { terminal }: Context,
  serving: { stopAsked: Promise<void>; stop(reason: string): Promise<void> },
): Promise<ExitCode> {
  const signalled = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => resolve(name))
  })
  const why = await Promise.race([signalled, serving.stopAsked.then(() => 'perwatt')])
  terminal.note(`Asked to end by ${why}; writing out what was measured.`)
  await serving.stop('The service was stopped.')
  return EXIT.done
}
