import { ok, type Result } from '../contract/result.ts'
import { userHome } from '../engine/host/real/agent-files.ts'
import { attach } from '../engine/socket/client.ts'
import type { Context } from './command.ts'
import { meterFile, queryThreadFile } from './query-thread-file.ts'
import { namesForeignTree, type Reached } from './reach.ts'
import { VERSION } from './version.ts'

/**
 * The engine that keeps this data directory's history: the one that serves it, or, where none does, one of our own that serves it for the
 * length of this command, so that a tray app that starts meanwhile attaches rather than fails.
 */
export async function reachWriter(context: Context): Promise<Result<Reached>> {
  if (!namesForeignTree(context)) {
    const attached = await attach(context.dataDir)
    if (attached.ok) return ok(reachedBy(attached.value, async () => {}))
    if (attached.code !== 'noEngine') return attached
  }
  const { hostOf } = await import('./machine.ts')
  const { serveEngine } = await import('../engine/serve.ts')
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
  if (!serving.ok) return serving
  const stop = () => serving.value.stop('The command that measured has ended.')
  const attached = await attach(context.dataDir)
  if (attached.ok) return ok(reachedBy(attached.value, stop))
  await stop()
  return attached
}

type Attached = Extract<Awaited<ReturnType<typeof attach>>, { ok: true }>['value']

function reachedBy({ client, hello, ended, close }: Attached, then: () => Promise<void>): Reached {
  return {
    client,
    hello,
    ended,
    async close() {
      close()
      await then()
    },
  }
}
