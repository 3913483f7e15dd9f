import { z } from 'zod'
import { AppId } from '../../../contract/ids.ts'
import { SIGNED_DURATION } from './duration.ts'
import { Battery, CardAddress, Gpu, GpuMemory, Meter } from './schema-devices.ts'
import { Amount, Duration, Load, Name, Window } from './schema-load.ts'
import { Server } from './schema-servers.ts'

/** The rig format. Published as docs/rig.schema.json; every field is explained in docs/rigs.md. Times count from the rig's start, sleep included. */
const SignedDuration = z.string().regex(SIGNED_DURATION, 'expected a duration with a sign, such as "-30s" or "2h"')
const AbsolutePath = z
  .string()
  .max(400)
  .regex(/^(?:\/|[A-Za-z]:\\)[^\0]*$/, 'expected an absolute path')

const Cpu = z.strictObject({
  model: z.string().max(120).default('Rig CPU'),
  vendor: z.string().max(40).default('GenuineIntel'),
  logicalCpus: z.int().min(1).max(1024),
  physicalCores: z.int().min(1).optional(),
  /** Long-term power limit of a package, as powercap's constraint 0 tells it. */
  tdpW: z.number().positive().optional(),
  /** The last so many logical CPUs are efficiency cores that do `capacityRatio` of a performance core's work, for that much of its energy. */
  efficiency: z.strictObject({ cpus: z.int().min(1), capacityRatio: z.number().gt(0).max(1) }).optional(),
  virtualisation: z.enum(['none', 'vm', 'container', 'wsl']).default('none'),
  /** Cores' worth of time that a hypervisor takes away. */
  steal: Load.default(0),
})

const zoneFields = {
  zone: z
    .string()
    .regex(
      /^(package-\d+(-die-\d+)?|core|uncore|dram|npu|psys)$/,
      'expected package-N, core, uncore, dram, npu or psys',
    ),
  floorW: Amount,
  /** Watts above the floor for each busy core. */
  wattsPerCore: Amount.default(0),
  /** The same for single apps, where they differ. */
  wattsPerCoreOf: z.record(AppId, Amount).default({}),
  /** Power of the domain that no CPU load explains. */
  otherW: Load.default(0),
  wrapsAtUj: z.int().positive().default(262_143_328_850),
  startsAtUj: z.int().nonnegative().default(0),
  /** The counter moves in steps of this (server psys: 1 J). */
  stepUj: z.int().positive().default(1),
  /** `hidden`: masked by a container; `absent`: draws power that no counter tells. */
  access: z.enum(['ok', 'denied', 'hidden', 'absent']).optional(),
  away: z.array(z.strictObject({ at: Duration, for: Duration })).default([]),
}
const Zone = z.strictObject(zoneFields)
const RootZone = z.strictObject({
  ...zoneFields,
  /** Which interface tells; the platform's own unless given (check-platform.ts). */
  from: z.enum(['powercap', 'ioreport', 'smc', 'emi']).optional(),
  /** The package is repeated under intel-rapl-mmio. */
  mmio: z.boolean().default(false),
  children: z.array(Zone).default([]),
})
export type RigZone = z.infer<typeof Zone>
export type RigRootZone = z.infer<typeof RootZone>

export const Process = z.strictObject({
  name: Name,
  /** Catalogue id of the app whose energy this is in truth; without one it is `other`. */
  app: AppId.optional(),
  /** The host itself says which app this is (as a recording does), instead of leaving it to the catalogue. */
  hint: z.boolean().default(false),
  exe: AbsolutePath.optional(),
  args: z.array(z.string().max(1_000)).default([]),
  env: z.array(z.string().max(1_000)).default([]),
  cwd: AbsolutePath.default('/'),
  comm: z.string().min(1).max(60).optional(),
  /** Of a Mac's app: identifier of the bundle in which `exe` lies. */
  bundleId: z.string().min(1).max(200).optional(),
  pid: z.int().min(2).max(4_194_304).optional(),
  uid: z.int().nonnegative().default(1000),
  parent: Name.optional(),
  threads: z.int().min(1).default(1),
  rssBytes: z.int().nonnegative().default(50_000_000),
  container: Name.optional(),
  start: Duration.optional(),
  stop: Duration.optional(),
  /** Lives anew, with a new pid, in each of these windows. */
  alive: Window.optional(),
  zombieFor: Duration.default('0s'),
  exec: z
    .strictObject({ after: Duration, exe: AbsolutePath, args: z.array(z.string().max(1_000)).default([]) })
    .optional(),
  load: Load.default(0),
  cores: z.enum(['performance', 'efficiency']).default('performance'),
  /** CPU time it had used before the rig began, or in each window. */
  pastCpu: Duration.default('0s'),
  /** One short-lived child after another, reaped at once. */
  children: z
    .strictObject({ every: Duration, lasts: Duration, cores: Amount, comm: z.string().min(1).max(15).default('sh') })
    .optional(),
  /** Share of an engine of its card that is busy for it, 0–1, while it holds the card. */
  gpu: Load.optional(),
  /** Its card; the first one unless given. */
  gpuOf: CardAddress.optional(),
  gpuMemoryBytes: GpuMemory.optional(),
  /** Of a card that is split: which of its slices, from 0. */
  gpuSlice: z.int().nonnegative().optional(),
})
export type RigProcess = z.infer<typeof Process>

const whenFields = { at: Duration, every: Duration.optional() }
const FaultKind = z.enum([
  'absent',
  'denied',
  'gone',
  'broken',
  'exhausted',
  'empty',
  'garbage',
  'huge',
  'stuck',
  'zero',
])
export type FaultKind = z.infer<typeof FaultKind>
const Event = z.union(
  [
    z.strictObject({ suspend: Duration, ...whenFields, counters: z.enum(['keep', 'reset']).default('keep') }),
    z.strictObject({ clockStep: SignedDuration, ...whenFields }),
    z.strictObject({ stall: Duration, ...whenFields }),
    /** `path` may end in `*`; `zone` ("package-0", "package-0/core") stands for its energy_uj. */
    z.strictObject({
      fault: FaultKind,
      path: AbsolutePath.optional(),
      zone: z.string().optional(),
      ...whenFields,
      for: Duration.optional(),
    }),
  ],
  'expected one of { suspend, at }, { clockStep, at }, { stall, at }, { fault, path or zone, at, for }',
)
export type RigEvent = z.infer<typeof Event>

export const Rig = z
  .strictObject({
    $schema: z.string().optional(),
    title: z.string().min(1).max(80),
    about: z.string().min(1).max(300),
    platform: z.enum(['linux', 'darwin', 'win32']).default('linux'),
    start: z.iso.datetime({ offset: true, error: 'expected a time such as "2026-11-16T08:00:00+01:00"' }),
    zone: z.string().refine(isTimeZone, 'expected a time zone such as "Europe/Berlin"').default('UTC'),
    duration: Duration,
    tick: Duration.optional(),
    /** How far from truth a figure may be that the rig does not determine. */
    toleranceRatio: z.number().gt(0).optional(),
    cpu: Cpu,
    memoryBytes: z
      .int()
      .positive()
      .default(16 * 2 ** 30),
    chassis: z.enum(['laptop', 'desktop', 'server', 'other']).default('desktop'),
    uptime: Duration.default('1h'),
    /** Who measures: whose processes it may look into. */
    meterUid: z.int().nonnegative().default(1000),
    /** Mount option of /proc: 1 hides other users' files, 2 their processes. */
    hidepid: z.union([z.literal(0), z.literal(1), z.literal(2)], 'expected 0, 1 or 2').default(0),
    users: z.record(Name, z.int().nonnegative()).default({}),
    domains: z.array(RootZone).default([]),
    gpus: z.array(Gpu).max(16).default([]),
    battery: Battery.optional(),
    meters: z.array(Meter).max(4).default([]),
    processes: z.array(Process).default([]),
    /** Cores busy in processes that nobody sees. */
    background: Load.default(0),
    idleProcesses: z.int().nonnegative().max(20_000).default(0),
    forksPerS: Amount.default(0),
    servers: z.array(Server).default([]),
    events: z.array(Event).default([]),
  })
  .meta({ id: 'Rig', title: 'Perwatt rig' })
export type Rig = z.infer<typeof Rig>

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
