import { z } from 'zod'
import { event, method } from './define.ts'
import { UnixS } from './units.ts'

export const EngineInfo = z.object({
  version: z.string(),
  pid: z.int(),
  startedS: UnixS,
  dataDir: z.string(),
  ledger: z.object({
    state: z.enum(['writing', 'full', 'readOnly', 'failing']),
    bytes: z.int(),
    reason: z.string().nullable(),
    remedy: z.string().nullable(),
  }),
})
export type EngineInfo = z.infer<typeof EngineInfo>

export const engineContract = {
  engineInfo: method({ input: z.object({}), output: EngineInfo }),
  /** The machine is about to sleep or has woken, as the desktop says; the engine finds out by itself where nobody does. */
  powerEvent: method({ input: z.object({ kind: z.enum(['suspend', 'resume']) }), output: z.object({}), writes: true }),
  /** Flushes and ends. Only the process that started the engine, or `perwatt service`'s own user, asks for it. */
  stop: method({ input: z.object({}), output: z.object({}), writes: true }),
  stopping: event(z.object({})),
} as const
