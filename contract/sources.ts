import { z } from 'zod'
import { event, method } from './define.ts'
import { SourceId } from './ids.ts'
import { NowDomain } from './now.ts'
import { Ratio, UnixS } from './units.ts'

export const RemedyShape = z.union([
  z.object({
    kind: z.literal('command'),
    argv: z.array(z.string()),
    asRoot: z.boolean(),
    note: z.string().exactOptional(),
  }),
  z.object({ kind: z.literal('setting'), path: z.string(), note: z.string().exactOptional() }),
])

export const SourceStatus = z.object({
  id: SourceId,
  title: z.string(),
  state: z.enum(['measuring', 'asleep', 'absent', 'hidden', 'denied', 'broken']),
  domains: z.array(NowDomain),
  reason: z.string().nullable(),
  remedy: RemedyShape.nullable(),
  /** The remedy as one line to paste. */
  remedyText: z.string().nullable(),
  lastReadS: UnixS.nullable(),
  faults: z.int().nonnegative(),
  cpuMsPerTick: z.number().nonnegative(),
})
export type SourceStatus = z.infer<typeof SourceStatus>

export const Sources = z.object({
  sources: z.array(SourceStatus),
  machine: z.object({
    cpuModel: z.string().nullable(),
    logicalCpus: z.int(),
    osName: z.string().nullable(),
    virtualisation: z.string().nullable(),
  }),
  coverageTodayRatio: Ratio,
  /** Where the key lies under which wall meters' secrets are encrypted; `null` where there is none. */
  secretKeyPlace: z.enum(['keyring', 'file']).nullable(),
  /** Contradictions that were seen and counted, never clipped in silence: children above their parent, resets, wraps lost. */
  findings: z.array(z.object({ code: z.string(), text: z.string(), count: z.int() })),
})
export type Sources = z.infer<typeof Sources>

export const sourcesContract = {
  sources: method({ input: z.object({}), output: Sources }),
  /** Probes every source again: after a grant, without a restart. */
  checkAgain: method({ input: z.object({}), output: Sources, writes: true }),
  sourcesChanged: event(z.object({})),
} as const
