import type { PerwattClient } from '../contract/index.ts'
import { ok, type Result } from '../contract/result.ts'
import { startEngine } from '../engine/index.ts'
import type { Context } from './command.ts'
import { hostOf } from './machine.ts'
import { VERSION } from './version.ts'

export type OwnEngine = { readonly client: PerwattClient; stop(): Promise<void> }

/** An engine in this process for the length of one command: the user's settings and rules, and no ledger. */
export async function startOwnEngine(context: Context): Promise<Result<OwnEngine>> {
  const started = await startEngine(hostOf(context), {
    version: VERSION,
    dataDir: context.dataDir,
    history: false,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    settingsFile: context.args.text('config') ?? undefined,
  })
  if (!started.ok) return started
  const { handlers, on, stop } = started.value
  // Each handler takes what its own name's input parses to; nothing foreign comes this way.
  const call = async (name: keyof typeof handlers, input: never) => handlers[name](input)
  return ok({ client: { call, on } as PerwattClient, stop })
}
