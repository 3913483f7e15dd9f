import type { InputOf, OutputOf } from '../contract/define.ts'
import type { Contract } from '../contract/index.ts'
import { ok, type Result } from '../contract/result.ts'
import { attach } from '../engine/socket/client.ts'
import type { Context } from './command.ts'

/** Questions about what was delivered, which the history answers. */
export type KeptQuestion = 'apps' | 'models' | 'users' | 'requests' | 'request' | 'jobs'

/** `isLive`: a running engine answered, which also knows what is loaded now. */
export type Kept<N extends KeptQuestion> = { readonly told: OutputOf<Contract[N]>; readonly isLive: boolean }

/** Asks the engine that serves the data directory; where none does, the file, which is only read. */
export async function askKept<N extends KeptQuestion>(
  context: Context,
  name: N,
  input: InputOf<Contract[N]>,
): Promise<Result<Kept<N>>> {
  const attached = await attach(context.dataDir)
  if (attached.ok) {
    const answer = await attached.value.client.call(name, input)
    attached.value.close()
    return answer.ok ? ok({ told: answer.value, isLive: true }) : answer
  }
  if (attached.code === 'denied') return attached
  context.terminal.detail(`${attached.reason} Reading the file.`)
  const { readKept } = await import('./read-kept.ts')
  const read = readKept(context, name, input)
  return read.ok ? ok({ told: read.value, isLive: false }) : read
}
