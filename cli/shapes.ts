import { z } from 'zod'
import { CalibrationFit } from '../contract/calibration.ts'
import { Output } from '../contract/history.ts'
import { DomainKind } from '../contract/ids.ts'
import { TOKENS_PROVENANCES } from '../contract/models.ts'
import { ServerModel, ServerStatus } from '../contract/servers.ts'
import { EnergyMj, PowerW, Provenance, Ratio, SignedEnergyMj, Uncertainty } from '../contract/units.ts'

/** The objects that `--json` prints: what other programs build on. Fields are added, never renamed (docs/cli.md). */

const Time = z.iso.datetime({ offset: true })

/** A power that may be unknown; then `reason` says why. */
const Figure = z.object({
  powerW: PowerW.nullable(),
  provenance: Provenance.nullable(),
  estimatedRatio: Ratio,
  uncertainty: Uncertainty,
  reason: z.string().nullable(),
})

const NowDomainJson = Figure.extend({
  id: z.string(),
  kind: DomainKind,
  name: z.string(),
  parent: z.string().nullable(),
  source: z.string(),
  state: z.enum(['measuring', 'pending', 'asleep', 'failing']),
})

const NowAppJson = z.object({
  id: z.string(),
  name: z.string(),
  category: z.string(),
  local: z.boolean(),
  powerW: PowerW,
  activeW: PowerW,
  idleW: PowerW,
  uncertainty: Uncertainty,
  shareRatio: Ratio,
  cpuCores: z.number().nonnegative(),
  processes: z.int().nonnegative(),
  isSelf: z.boolean(),
})

const NoticeJson = z.object({ code: z.string(), text: z.string(), remedy: z.string().nullable() })

export const NowJson = z.object({
  schema: z.literal('perwatt.now/1'),
  at: Time,
  intervalMs: z.number().positive(),
  state: z.enum(['warming', 'measuring', 'paused', 'blind']),
  /** Whether a running engine answered, or this command measured by itself. */
  attached: z.boolean(),
  machine: Figure.extend({
    aiPowerW: PowerW.nullable(),
    aiUncertainty: Uncertainty,
    idlePowerW: PowerW.nullable(),
    otherPowerW: PowerW.nullable(),
  }),
  domains: z.array(NowDomainJson),
  overhead: z
    .object({
      meter: z.string(),
      meterName: z.string(),
      provenance: Provenance,
      powerW: PowerW.nullable(),
      uncertainty: Uncertainty,
      ratio: z.number().nullable(),
      reason: z.string().nullable(),
    })
    .nullable(),
  overheadFactor: z.number().nonnegative(),
  coolingFactor: z.number().positive(),
  apps: z.array(NowAppJson),
  models: z.array(
    z.object({
      id: z.string(),
      app: z.string(),
      name: z.string(),
      state: z.enum(['loading', 'ready', 'sleeping', 'unloading']),
      /** Its answers are computed elsewhere. */
      isRemote: z.boolean(),
      powerW: PowerW.nullable(),
      tokensPerS: z.number().nullable(),
      tokensPerJ: z.number().nullable(),
    }),
  ),
  self: z.object({
    powerW: PowerW.nullable(),
    cpuMsPerTick: z.number().nonnegative(),
    rssBytes: z.int().nonnegative(),
  }),
  notices: z.array(NoticeJson),
})
export type NowJson = z.infer<typeof NowJson>

export const DoctorJson = z.object({
  schema: z.literal('perwatt.doctor/1'),
  at: Time,
  dataDir: z.string(),
  engine: z.object({
    state: z.enum(['running', 'notRunning']),
    pid: z.int().nullable(),
    version: z.string().nullable(),
  }),
  machine: z.object({
    cpuModel: z.string().nullable(),
    logicalCpus: z.int(),
    osName: z.string().nullable(),
    virtualisation: z.string().nullable(),
  }),
  sources: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      state: z.enum(['measuring', 'asleep', 'absent', 'hidden', 'denied', 'broken']),
      domains: z.array(NowDomainJson),
      reason: z.string().nullable(),
      /** One line to paste. */
      remedy: z.string().nullable(),
      lastReadAt: Time.nullable(),
      faults: z.int().nonnegative(),
      cpuMsPerTick: z.number().nonnegative(),
    }),
  ),
  findings: z.array(z.object({ code: z.string(), text: z.string(), count: z.int() })),
  notices: z.array(NoticeJson),
})
export type DoctorJson = z.infer<typeof DoctorJson>

/** What `doctor --report` prints and saves; names, serials and addresses in it are stand-ins such as `<user-1>`. */
export const ReportJson = z.object({
  schema: z.literal('perwatt.report/1'),
  at: Time,
  versions: z.object({
    perwatt: z.string(),
    /** Of the engine that was running; `null` where none was. */
    engine: z.string().nullable(),
    node: z.string(),
    /** Its number alone, "6.18.0". */
    kernel: z.string().nullable(),
  }),
  machine: z.object({
    platform: z.enum(['linux', 'darwin', 'win32']),
    cpuModel: z.string().nullable(),
    cpuVendor: z.string().nullable(),
    logicalCpus: z.int(),
    physicalCores: z.int().nullable(),
    sockets: z.int().nullable(),
    memoryBytes: z.number().nullable(),
    chassis: z.string().nullable(),
    osName: z.string().nullable(),
    virtualisation: z.string().nullable(),
  }),
  sources: DoctorJson.shape.sources,
  findings: DoctorJson.shape.findings,
  notices: DoctorJson.shape.notices,
  /** Entries of /sys/class, with the names of those of their files that tell power. */
  devices: z.array(
    z.object({
      class: z.string(),
      entry: z.string(),
      name: z.string().nullable(),
      type: z.string().nullable(),
      driver: z.string().nullable(),
      pci: z.string().nullable(),
      vendorId: z.string().nullable(),
      deviceId: z.string().nullable(),
      attributes: z.array(z.string()),
    }),
  ),
  settings: z
    .object({
      theme: z.string(),
      trayStyle: z.string(),
      trayTitle: z.boolean(),
      startAtLogin: z.boolean(),
      showNames: z.boolean(),
      /** How many apps the user counts otherwise than the catalogue. */
      countAsAi: z.int().nonnegative(),
      wallMeters: z.array(
        z.object({
          dialect: z.string(),
          provenance: Provenance,
          scheme: z.string(),
          /** Names of the options that are set. */
          options: z.array(z.string()),
          hasSecret: z.boolean(),
        }),
      ),
    })
    .nullable(),
  /** How many different words were replaced, by kind. */
  replaced: z.record(z.string(), z.int().positive()),
})
export type ReportJson = z.infer<typeof ReportJson>

export const HistoryRowJson = z.object({
  key: z.string(),
  name: z.string(),
  energyMj: EnergyMj,
  activeMj: EnergyMj,
  idleMj: EnergyMj,
  otherMj: EnergyMj,
  uncertainty: Uncertainty,
  provenance: Provenance.nullable(),
  estimatedRatio: Ratio,
  output: Output,
  domain: z.object({ kind: DomainKind, parent: z.string().nullable(), scope: z.enum(['inner', 'whole']) }).nullable(),
})

const GapJson = z.object({ from: Time, to: Time, reason: z.string() })

export const HistoryJson = z.object({
  schema: z.literal('perwatt.history/1'),
  from: Time,
  to: Time,
  by: z.enum(['app', 'domain', 'hour', 'day']),
  timeZone: z.string(),
  coverageRatio: Ratio,
  estimatedRatio: Ratio,
  rows: z.array(HistoryRowJson),
  /** `output` is kept by the hour: that of the rows is of these whole hours. */
  outputFrom: Time,
  outputTo: Time,
  measuredMj: EnergyMj,
  attributedMj: EnergyMj,
  idleMj: EnergyMj,
  otherMj: EnergyMj,
  overheadMj: SignedEnergyMj.nullable(),
  overheadRatio: z.number().nullable(),
  overheadBy: z.string().nullable(),
  overheadFactor: z.number().nonnegative(),
  coolingFactor: z.number().positive(),
  gaps: z.array(GapJson),
})
export type HistoryJson = z.infer<typeof HistoryJson>

/** What was delivered, as far as anybody counted it; what was computed elsewhere stands apart. */
const WorkOutputJson = Output.extend({
  promptTokens: z.int().nullable(),
  cachedTokens: z.int().nullable(),
  /** Part of `tokens` that is a lower bound or was derived. */
  estimatedTokens: z.int(),
})

/** Value per watt-hour per user; `null` until a value unit is set. */
const VpwuJson = z.object({ value: z.number(), unit: z.string(), uncertainty: Uncertainty }).nullable()

const WorkJson = z.object({
  id: z.string(),
  name: z.string(),
  energyMj: EnergyMj,
  activeMj: EnergyMj,
  idleMj: EnergyMj,
  uncertainty: Uncertainty,
  output: WorkOutputJson,
  requests: z.int().nullable(),
  failedRequests: z.int(),
  tokensPerJ: z.number().nullable(),
  jPerToken: z.number().nullable(),
  /** Mostly from what is estimated. */
  isEstimate: z.boolean(),
  /** Why there is no `tokensPerJ` or `jPerToken`. */
  reason: z.string().nullable(),
  vpwu: VpwuJson,
})

const Hours = { from: Time, to: Time }

export const AppsJson = z.object({
  schema: z.literal('perwatt.apps/1'),
  ...Hours,
  coverageRatio: Ratio,
  rows: z.array(
    WorkJson.extend({
      category: z.string(),
      local: z.boolean(),
      countsAsAi: z.boolean(),
      provenance: Provenance.nullable(),
      estimatedRatio: Ratio,
      idleRatio: Ratio.nullable(),
      trendMj: z.array(EnergyMj.nullable()),
    }),
  ),
})
export type AppsJson = z.infer<typeof AppsJson>

/** A ratio of two figures; `null` beside the reason why there is none. */
const RatioJson = z.object({ value: z.number().nullable(), uncertainty: Uncertainty, reason: z.string().nullable() })

export const ModelsJson = z.object({
  schema: z.literal('perwatt.models/1'),
  ...Hours,
  coverageRatio: Ratio,
  rows: z.array(
    WorkJson.extend({
      app: z.string(),
      family: z.string().nullable(),
      parameters: z.number().nullable(),
      quantisation: z.string().nullable(),
      engine: z.string().nullable(),
      device: z.enum(['cpu', 'gpu', 'npu', 'mixed']).nullable(),
      isRemote: z.boolean(),
      /** `null`: no engine runs that would know. */
      isLoaded: z.boolean().nullable(),
      loadMj: EnergyMj,
      provenance: Provenance.nullable(),
      estimatedRatio: Ratio,
      tokensPerS: z.number().nullable(),
      ttftMs: z.number().nullable(),
      whPerRequest: RatioJson,
      jPerImage: RatioJson,
      jPerAudioMinute: RatioJson,
      /** By published figures, where that is switched on; never part of `energyMj`. */
      remoteEstimate: z.object({ energyMj: EnergyMj, lowMj: EnergyMj, highMj: EnergyMj, asOf: z.string() }).nullable(),
    }),
  ),
})
export type ModelsJson = z.infer<typeof ModelsJson>

export const UsersJson = z.object({
  schema: z.literal('perwatt.users/1'),
  ...Hours,
  /** Whether names of accounts are shown, by the settings. */
  namesShown: z.boolean(),
  rows: z.array(
    WorkJson.extend({
      /** `null`: of what nobody metered no energy is told apart. */
      energyMj: EnergyMj.nullable(),
      activeMj: EnergyMj.nullable(),
      idleMj: EnergyMj.nullable(),
      kind: z.enum(['os', 'api', 'headcount', 'unknown']),
      lastAt: Time,
      merged: z.array(z.object({ id: z.string(), name: z.string() })),
    }),
  ),
  projects: z.array(
    z.object({ id: z.string(), name: z.string(), energyMj: EnergyMj, output: WorkOutputJson, lastAt: Time }),
  ),
})
export type UsersJson = z.infer<typeof UsersJson>

const RequestRowJson = z.object({
  id: z.string(),
  /** When it began. */
  at: Time,
  endedAt: Time,
  app: z.string().nullable(),
  model: z.string().nullable(),
  modelName: z.string().nullable(),
  user: z.string().nullable(),
  userName: z.string().nullable(),
  project: z.string().nullable(),
  client: z.string().nullable(),
  endpoint: z.string(),
  promptTokens: z.int().nullable(),
  cachedTokens: z.int().nullable(),
  completionTokens: z.int().nullable(),
  tokensProvenance: z.enum(TOKENS_PROVENANCES),
  images: z.int().nullable(),
  audioS: z.number().nullable(),
  ttftMs: z.number().nullable(),
  durationMs: z.number(),
  status: z.enum(['done', 'failed', 'aborted']),
  httpStatus: z.int().nullable(),
  isRemote: z.boolean(),
  energyMj: EnergyMj.nullable(),
  uncertainty: Uncertainty,
  provenance: Provenance.nullable(),
  /** Why there is no energy. */
  reason: z.string().nullable(),
})
export type RequestRowJson = z.infer<typeof RequestRowJson>

export const RequestsJson = z.object({
  schema: z.literal('perwatt.requests/1'),
  ...Hours,
  /** `false`: --limit cut some off. */
  isComplete: z.boolean(),
  /** Older ones are kept as counts and distributions alone. */
  keptFrom: Time,
  rows: z.array(RequestRowJson),
})
export type RequestsJson = z.infer<typeof RequestsJson>

/** One request alone, and each of `requests --tail`. */
export const RequestJson = z.object({ schema: z.literal('perwatt.request/1'), ...RequestRowJson.shape })
export type RequestJson = z.infer<typeof RequestJson>

export const JobsJson = z.object({
  schema: z.literal('perwatt.jobs/1'),
  ...Hours,
  rows: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      kind: z.enum(['run', 'recognised']),
      app: z.string().nullable(),
      startedAt: Time,
      /** `null` while it runs. */
      endedAt: Time.nullable(),
      exitCode: z.int().nullable(),
      energyMj: EnergyMj.nullable(),
      uncertainty: Uncertainty,
      provenance: Provenance.nullable(),
      vpwu: VpwuJson,
    }),
  ),
})
export type JobsJson = z.infer<typeof JobsJson>

export const ServersJson = z.object({
  schema: z.literal('perwatt.servers/1'),
  at: Time,
  /** Whether a running engine answered, or this command looked by itself. */
  attached: z.boolean(),
  servers: z.array(
    ServerStatus.omit({ lastAnswerS: true, remedyText: true, remedy: true, meter: true, models: true }).extend({
      /** One line to paste. */
      remedy: z.string().nullable(),
      lastAnswerAt: Time.nullable(),
      models: z.array(ServerModel.omit({ expiresS: true }).extend({ expiresAt: Time.nullable() })),
      meter: z
        .object({
          listen: z.string(),
          state: z.enum(['off', 'starting', 'listening', 'failed']),
          reason: z.string().nullable(),
          clientSetting: z.string().nullable(),
          requests: z.int().nonnegative(),
          lastRequestAt: Time.nullable(),
        })
        .nullable(),
    }),
  ),
})
export type ServersJson = z.infer<typeof ServersJson>

export const RunJson = z.object({
  schema: z.literal('perwatt.run/1'),
  command: z.array(z.string()).min(1),
  /** With --label. */
  label: z.string().nullable(),
  /** Under which the run is kept, `null` where it is not. */
  job: z.string().nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  startedAt: Time,
  durationMs: z.number().nonnegative(),
  /** What the command's processes caused above the machine's floor; `null` where nothing measures, beside `reason`. */
  energyMj: EnergyMj.nullable(),
  domains: z.array(
    z.object({ id: z.string(), kind: DomainKind, provenance: Provenance, energyMj: EnergyMj, machineMj: EnergyMj }),
  ),
  averageW: PowerW.nullable(),
  peakW: PowerW.nullable(),
  cpuMs: z.number().nonnegative(),
  /** The whole machine's energy in the same time. */
  machineMj: EnergyMj.nullable(),
  provenance: Provenance.nullable(),
  estimatedRatio: Ratio,
  uncertainty: Uncertainty,
  reason: z.string().nullable(),
})
export type RunJson = z.infer<typeof RunJson>

export const CatalogueJson = z.object({
  schema: z.literal('perwatt.catalogue/1'),
  apps: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      category: z.string(),
      connector: z.string().nullable(),
      local: z.boolean(),
      countsAsAi: z.boolean(),
      match: z.array(z.string()),
      source: z.enum(['built-in', 'user']),
    }),
  ),
  rulesProblem: z.string().nullable(),
})
export type CatalogueJson = z.infer<typeof CatalogueJson>

export const RigsJson = z.object({
  schema: z.literal('perwatt.rigs/1'),
  rigs: z.array(z.object({ name: z.string(), file: z.string(), title: z.string() })),
})

export const SimulateJson = z.object({
  schema: z.literal('perwatt.simulate/1'),
  rig: z.string(),
  from: Time,
  to: Time,
  ticks: z.int().nonnegative(),
  cpuMs: z.number().nonnegative(),
  coverageRatio: Ratio,
  truth: z.array(
    z.object({
      what: z.string(),
      key: z.string(),
      trueMj: z.number(),
      measuredMj: z.number(),
      uncertainty: Uncertainty,
      estimatedRatio: Ratio,
      provenance: Provenance.nullable(),
    }),
  ),
  domains: z.array(
    z.object({ id: z.string(), kind: DomainKind, provenance: Provenance.nullable(), energyMj: EnergyMj }),
  ),
  apps: z.array(HistoryRowJson),
  models: z.array(
    z.object({
      id: z.string(),
      app: z.string(),
      energyMj: EnergyMj,
      activeMj: EnergyMj,
      idleMj: EnergyMj,
      output: Output,
    }),
  ),
  users: z.array(z.object({ id: z.string(), energyMj: EnergyMj, output: Output })),
  measuredMj: EnergyMj,
  attributedMj: EnergyMj,
  idleMj: EnergyMj,
  otherMj: EnergyMj,
  overheadMj: SignedEnergyMj.nullable(),
  episodes: z.array(
    z.object({ budget: z.string(), at: Time, value: z.number(), limit: z.number(), actions: z.array(z.string()) }),
  ),
  insights: z.array(z.object({ id: z.string(), at: Time, savingMj: EnergyMj })),
  gaps: z.array(GapJson),
})

export const RecordJson = z.object({
  schema: z.literal('perwatt.record/1'),
  file: z.string(),
  ticks: z.int().nonnegative(),
  durationMs: z.number().nonnegative(),
  bytes: z.int().nonnegative(),
})

export const CalibrateJson = z.object({
  schema: z.literal('perwatt.calibrate/1'),
  /** `null` with --forget. */
  fit: CalibrationFit.omit({ madeS: true }).extend({ madeAt: Time }).nullable(),
  forgotten: z.int().nonnegative(),
})
export type CalibrateJson = z.infer<typeof CalibrateJson>

/** `null` figures: no run of it counts; then `reason` says why. */
export const LabJson = z.object({
  schema: z.literal('perwatt.lab/1'),
  id: z.string().regex(/^[\d-]{1,40}$/),
  startedAt: Time,
  durationMs: z.number().nonnegative(),
  ended: z.enum(['narrow', 'time', 'stopped', 'failed']),
  reason: z.string().nullable(),
  /** Of the prompts the name of their set alone. */
  prompts: z.object({ name: z.string(), count: z.int().positive() }),
  seed: z.int(),
  targetRatio: z.number().positive(),
  conclusions: z.array(z.string()),
  /** One model at one setting each. */
  cells: z.array(
    z.object({
      id: z.int(),
      model: z.string(),
      quantisation: z.string().nullable(),
      engine: z.string().nullable(),
      app: z.string(),
      concurrency: z.int().positive(),
      contextTokens: z.int().positive().nullable(),
      runs: z.int().nonnegative(),
      discarded: z.int().nonnegative(),
      tokensPerS: z.number().nonnegative().nullable(),
      jPerToken: z.number().nonnegative().nullable(),
      uncertainty: Uncertainty,
      /** The part of it that repeating shrinks. */
      randomRatio: z.number().nonnegative().nullable(),
      machineJPerToken: z.number().nonnegative().nullable(),
      ttftMs: z.number().nonnegative().nullable(),
      idleW: z.number().nonnegative().nullable(),
      outputTokens: z.int().nonnegative(),
      tokensAreEstimate: z.boolean(),
      estimatedRatio: Ratio,
      isOnFront: z.boolean(),
      verdict: z.string(),
      reason: z.string().nullable(),
    }),
  ),
  /** `ratio`: J/token of `b` ÷ that of `a`, with its interval; `verdict` `null` where there are too few blocks. */
  pairs: z.array(
    z.object({
      a: z.int(),
      b: z.int(),
      blocks: z.int().nonnegative(),
      ratio: z.number().positive().nullable(),
      low: z.number().nonnegative().nullable(),
      high: z.number().nonnegative().nullable(),
      verdict: z.enum(['aLess', 'bLess', 'same']).nullable(),
    }),
  ),
  runs: z.array(
    z.object({
      cell: z.int(),
      block: z.int(),
      fault: z.enum(['disturbed', 'gap', 'failed']).nullable(),
      energyMj: EnergyMj.nullable(),
      machineMj: EnergyMj.nullable(),
      durationMs: z.number().nonnegative().nullable(),
      promptTokens: z.int().nonnegative().nullable(),
      outputTokens: z.int().nonnegative().nullable(),
    }),
  ),
})
export type LabJson = z.infer<typeof LabJson>

export const LabsJson = z.object({
  schema: z.literal('perwatt.labs/1'),
  labs: z.array(
    z.object({
      id: z.string(),
      startedAt: Time,
      models: z.array(z.string()),
      prompts: z.string(),
      conclusions: z.array(z.string()),
    }),
  ),
})
export type LabsJson = z.infer<typeof LabsJson>

export const VersionJson = z.object({ schema: z.literal('perwatt.version/1'), version: z.string(), node: z.string() })
