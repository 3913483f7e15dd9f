import { z } from 'zod'

/** What the next look is asked for. */
export type LookRequest = {
  /** Everything anew, as the first look is. */
  readonly all: boolean
  /** Processes that may run another program now. */
  readonly describe: readonly number[]
  /** Processes whose times are read; those of new ones are too. */
  readonly times: readonly number[]
}

const Decimal = z.string().regex(/^\d{1,20}$/)
/** Mach ticks and nanojoules of a process stay below 2⁵³ for years. */
const Count = Decimal.transform(Number).refine((count) => Number.isSafeInteger(count))
const Pid = z.int().nonnegative()
const Tick = z.int().nonnegative().max(0xffffffff)

const Described = z.object({
  pid: Pid,
  /** Numbers that are never given out twice; a parent's is smaller. */
  uniqueId: Decimal,
  parentId: Decimal,
  ppid: Pid,
  uid: z.int().nonnegative(),
  isZombie: z.boolean(),
  comm: z.string(),
  path: z.string().nullable(),
  bundleId: z.string().nullable(),
  words: z.array(z.string()),
  workingDirectory: z.string().nullable(),
})
export type DescribedProcess = z.infer<typeof Described>

const Usage = z.object({
  image: z.string(),
  startTicks: Count,
  ownTicks: Count,
  childTicks: Count,
  energyNj: Count.nullable(),
})
export type ProcessUsage = z.infer<typeof Usage>

/** What engine/vendor/libproc.ts tells in one look. */
const Look = z.object({
  /** Of all CPUs, in 1/100 s; wraps at 32 bits. */
  cpuTicks: z.object({ user: Tick, system: Tick, idle: Tick, nice: Tick }).nullable(),
  /** Nanoseconds of a Mach tick: 125/3 on Apple's chips. */
  timebase: z.object({ numerator: z.int().positive(), denominator: z.int().positive() }),
  /** 2 or more where cores differ. */
  performanceLevels: z.int().positive(),
  /** `processes` are all there are, not only the new ones. */
  isWhole: z.boolean(),
  gone: z.array(Pid),
  processes: z.array(Described),
  usages: z.array(z.object({ pid: Pid, usage: z.union([Usage, z.enum(['gone', 'denied'])]) })),
})
export type Look = z.infer<typeof Look>
export type LookAnswer = z.input<typeof Look>

/** `null` where the answer is nonsense. */
export function parseLook(answer: unknown): Look | null {
  const parsed = Look.safeParse(answer)
  return parsed.success ? parsed.data : null
}
