import type { Hello } from '../contract/frames.ts'
import type { PerwattClient } from '../contract/index.ts'
import { ok, type Result } from '../contract/result.ts'
import { attach } from '../engine/socket/client.ts'
import type { Context } from './command.ts'

/** An engine that answers: one that was there, or one of our own for the length of this command. */
export type Reached = {
  readonly client: PerwattClient
  /** The engine that was there; `null` where it is our own. */
  readonly hello: Hello | null
  /** Resolves with the reason when a running engine went away. */
  readonly ended: Promise<string>
  close(): Promise<void>
}

const NEVER = new Promise<never>(() => {})

/**
 * Asks the engine that serves the data directory; where none does, measures by ourselves, without a ledger, so that there
 * is never a second writer. A foreign tree (`--path.…`) is always read by ourselves: a running engine reads its own.
 */
export async function reachEngine(context: Context): Promise<Result<Reached>> {
  if (!namesForeignTree(context)) {
    const attached = await attach(context.dataDir)
    if (attached.ok) {
      const { client, hello, ended, close } = attached.value
      context.terminal.detail(`Attached to the engine ${hello.version} of ${context.dataDir} (pid ${hello.pid}).`)
      return ok({ client, hello, ended, close: async () => close() })
    }
    if (attached.code !== 'noEngine') return attached
    context.terminal.detail(`${attached.reason} Measuring without one.`)
  }
  // Loaded only here: a command that attaches starts without it.
  const { startOwnEngine } = await import('./own-engine.ts')
  const own = await startOwnEngine(context)
  if (!own.ok) return own
  return ok({ client: own.value.client, hello: null, ended: NEVER, close: () => own.value.stop() })
}

export function namesForeignTree({ args }: Context): boolean {
  return ['path.procfs', 'path.sysfs', 'path.rootfs'].some((name) => args.has(name))
}
