import { z } from 'zod'

/** What cases and programs say to each other. */

export const SamplerOrder = z.object({
  samples: z.int().positive(),
  /** Between samples: long enough that caches are as cold as a tick a second finds them. */
  apartMs: z.int().nonnegative(),
  /** Part of the command line of every process that counts as known. */
  mark: z.string().min(1),
})
/** CPU time of each sample, user and system, all threads of the program; and how many processes it knew at the end. */
export const SamplerAnswer = z.object({ cpuMs: z.array(z.number()), known: z.int() })

/** Length and end of the ledgers that are written for the measurement. */
export const DAY_S = 86_400
export const LEDGER_END_S = Date.UTC(2026, 10, 24, 23) / 1_000

const Crowd = z.object({ apps: z.int().positive(), models: z.int().positive(), users: z.int().positive() })

export const LedgerOrder = z.discriminatedUnion('do', [
  z.object({ do: z.literal('write'), directory: z.string(), days: z.int().positive(), crowd: Crowd }),
  z.object({
    do: z.literal('flush'),
    directory: z.string(),
    flushes: z.int().positive(),
    apartMs: z.int(),
    crowd: Crowd,
  }),
  z.object({ do: z.literal('trend'), directory: z.string() }),
  z.object({ do: z.literal('ask'), directory: z.string(), times: z.int().positive() }),
  z.object({ do: z.literal('reopen'), directory: z.string(), nowS: z.int(), fromS: z.int(), toS: z.int() }),
])
export const Written = z.object({ fileMb: z.number() })
/** CPU time of each flush, and of a transaction that writes one row of one table as safely, right after it. */
export const Flushed = z.object({ cpuMs: z.array(z.number()), leastCpuMs: z.array(z.number()) })
/** Wall time from the question to its rows. */
export const Trends = z.object({ hoursMs: z.number(), daysMs: z.number(), rows: z.int() })
export const Asked = z.object({ wallMs: z.record(z.string(), z.array(z.number())) })
/** From the call until the first answer; and the energy of the stretch that was asked for. */
export const Reopened = z.object({
  wallMs: z.number(),
  checkMs: z.number(),
  measuredMj: z.int(),
  notices: z.array(z.string()),
})

export const PlayOrder = z.object({
  rig: z.string(),
  dataDir: z.string(),
  /** With the small heap that the engine of the app has; `perwatt simulate` takes what it is given. */
  isService: z.boolean(),
  /** Memory is taken first after so many ticks, and again at the end. */
  firstMarkTicks: z.int().positive(),
})
const MemoryMark = z.object({ pssMb: z.number(), ownMb: z.number() })
/** CPU time of the whole program, its start included. */
export const Played = z.object({
  cpuMs: z.number(),
  ticks: z.int(),
  coverageRatio: z.number(),
  first: MemoryMark,
  last: MemoryMark,
})

export const SourcesOrder = z.object({
  sysfs: z.string(),
  vendorFile: z.string(),
  meterAddress: z.string(),
  /** A second apart. */
  ticks: z.int().positive(),
})
/** By source: CPU time a tick of the thread that ticks, and how many readings there were in all. */
export const SourcesAnswer = z.object({
  cpuUs: z.record(z.string(), z.number()),
  readings: z.record(z.string(), z.int()),
})

export const TreeEngineOrder = z.object({
  sysfs: z.string(),
  vendorFile: z.string(),
  meterAddress: z.string().nullable(),
  dataDir: z.string(),
})
export const TreeEngineAnswer = z.object({ measuring: z.array(z.string()), vendorPid: z.int().nullable() })

/** `looks`: how often it looks after the first time, to see what logs cost that do not grow. */
export const AgentLogsOrder = z.object({ home: z.string(), looks: z.int().nonnegative() })
export const AgentLogsAnswer = z.object({
  records: z.int(),
  outputTokens: z.int(),
  /** CPU time of the whole process until all was read, and the 99th percentile of the main thread's for one slice. */
  cpuMs: z.number(),
  sliceMs: z.number(),
  wallMs: z.number(),
  /** What it holds more than before. */
  heldMb: z.number(),
  /** CPU time of one of the later looks. */
  lookMs: z.number(),
  /** What was saved of it. */
  stateBytes: z.int(),
})
