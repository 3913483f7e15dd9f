import { ok, problem } from '../../../contract/result.ts'
import { type VirtualClock, virtualClock } from '../../clock/virtual.ts'
import type { Host, MachineFacts, ProcessKey } from '../host.ts'
import { noVendor } from '../no-vendor.ts'
import type { CardState } from './cards.ts'
import { driverSessions } from './driver-sessions.ts'
import { durationMs } from './duration.ts'
import { faultsOf } from './faults.ts'
import { fdBranch } from './fd-branch.ts'
import { gpuBranch } from './gpu-branch.ts'
import { type Happening, happeningsOf } from './lives.ts'
import { macStartTicks } from './mac-processes.ts'
import { Machine } from './machine.ts'
import { stillFiles } from './machine-text.ts'
import { type MeterReport, meteredRequests } from './metered.ts'
import { npuBranch } from './npu-branch.ts'
import { nvmlSession } from './nvml-session.ts'
import { plugContacts } from './plugs.ts'
import { powercapBranch } from './powercap-branch.ts'
import { procBranch } from './proc-branch.ts'
import { PAGE_BYTES, TICK_MS } from './proc-text.ts'
import type { ProcessState } from './processes.ts'
import { branchFiles } from './rig-files.ts'
import type { Rig } from './schema.ts'
import { sensorsOf } from './sensors.ts'
import { withServedLoads } from './served-load.ts'
import { servingOf } from './serving.ts'
import { socketBranch } from './socket-branch.ts'
import { stillBranch } from './still-branch.ts'
import { supplyBranch } from './supply-branch.ts'
import { windowsStartMs } from './windows-processes.ts'

/** Somebody asked a card that slept for more than whether it does, which wakes a real one. */
export type Waking = { readonly pci: string; readonly atMs: number }
export type SentSignal = { readonly target: ProcessKey; readonly name: Parameters<Host['signal']>[1] }

/** A made-up machine under a clock that moves only when told. The same rig played twice is the same run. */
export interface RigHost extends Host {
  readonly clock: VirtualClock
  readonly rig: Rig
  readonly tickMs: number
  readonly durationMs: number
  /** Since the rig's start, sleep included: the time in which rigs and their truth count. */
  elapsedMs(): number
  /** Until then nothing changes: no load, process, zone, file, clock or sleep; `fromMs` itself where something always does. */
  nextChangeMs(fromMs: number): number
  /** How far the clock may go in one tick: `tickMs`, or up to 60 s (10 s with devices, 5 s on other systems than Linux) while nothing changes; `tickMs` with plugs. */
  nextTickMs(): number
  /** A rig is a script, and its processes keep to it: what was sent to them is kept for whoever wants to know. */
  readonly signals: readonly SentSignal[]
  /** A rig's cards sleep on all the same: who reads them with care leaves this empty. */
  readonly wakings: readonly Waking[]
  /** What metering proxies before its servers saw since they were last asked. */
  takeMeterReports(): MeterReport[]
}

const LONGEST_TICK_MS = 60_000
/** A sensor that is silent for half a minute says nothing of the time between, and answers of drivers lag by a tick. */
const LONGEST_SENSOR_TICK_MS = 10_000
/** Drivers' answers are handed over a tick later, and one that lay for longer counts as from before a sleep (sources/fresh-answers.ts). */
const LONGEST_DRIVER_TICK_MS = 5_000
/** What sensors average has a change in it for so long: a long tick would draw it out. */
const SETTLE_MS = 2_000
/** What a server does is known a look later, and that it does nothing after two. */
const SERVERS_SETTLE_MS = 5_000

export function rigHost(declared: Rig, options: { tickMs?: number } = {}): RigHost {
  const rig = withServedLoads(declared)
  const uptimeMs = durationMs(rig.uptime)
  const clock = virtualClock({ wallMs: Date.parse(rig.start), boottimeMs: uptimeMs })
  const machine = new Machine(rig)
  const faults = faultsOf(machine)
  const happenings = happeningsOf(rig)
  const lengthMs = durationMs(rig.duration)
  const tickMs = options.tickMs ?? defaultTickMs(rig)
  const edgesMs = [...faults.edgesMs(), ...happenings.map(({ atMs }) => atMs)].toSorted((a, b) => a - b)
  const signals: SentSignal[] = []
  const wakings: Waking[] = []
  const elapsedMs = () => clock.boottimeMs() - uptimeMs
  const isLinux = rig.platform === 'linux'
  const hasMeters = rig.meters.length > 0
  const hasSensors = rig.gpus.length > 0 || rig.battery !== undefined || hasMeters || !isLinux
  const longestTickMs = !isLinux ? LONGEST_DRIVER_TICK_MS : hasSensors ? LONGEST_SENSOR_TICK_MS : LONGEST_TICK_MS
  const sensors = hasSensors ? sensorsOf(machine) : null
  const drivers = sensors === null ? null : driverSessions(machine, sensors, clock, () => void catchUp())
  const wake = ({ spec }: CardState) => void wakings.push({ pci: spec.pci, atMs: elapsedMs() })
  const devices =
    sensors === null ? [] : [gpuBranch(machine, sensors, wake), npuBranch(machine), supplyBranch(machine, sensors)]
  const hasServers = rig.servers.length > 0
  const descriptors = [
    ...(hasServers ? [socketBranch(machine)] : []),
    ...(hasServers || hasSensors ? [fdBranch(machine)] : []),
  ]
  const branches = isLinux
    ? [...descriptors, ...devices, procBranch(machine), powercapBranch(machine), stillBranch(stillFiles(rig))]
    : [stillBranch(new Map())]
  const catchUp = () => {
    const nowMs = elapsedMs()
    if (nowMs > machine.atMs) {
      machine.advance(nowMs)
      sensors?.advance()
    }
    return nowMs
  }
  const serving = servingOf(machine, catchUp)
  const metered = meteredRequests(rig)
  const settleMs = hasServers ? SERVERS_SETTLE_MS : SETTLE_MS
  play(clock, happenings, elapsedMs)

  function nextChangeMs(fromMs: number): number {
    return Math.min(machine.nextChangeMs(fromMs), edgesMs.find((atMs) => atMs > fromMs) ?? lengthMs)
  }

  function nextTickMs(): number {
    const settledMs = Math.max(0, elapsedMs() - settleMs)
    if (hasMeters) return tickMs
    if ((hasSensors || hasServers) && nextChangeMs(settledMs) <= elapsedMs()) return tickMs
    // A tick short of the change: sleep or a reset counter then costs the one tick that it would cost on a real machine.
    const quietMs = Math.min(nextChangeMs(elapsedMs()) - elapsedMs() - tickMs, longestTickMs)
    return quietMs >= 2 * tickMs ? Math.floor(quietMs / tickMs) * tickMs : tickMs
  }

  return {
    platform: rig.platform,
    clock,
    rig,
    tickMs,
    durationMs: lengthMs,
    files: branchFiles(branches, faults.wrap, catchUp),
    pageBytes: PAGE_BYTES,
    ticksPerS: 1_000 / TICK_MS,
    selfPid: null,
    elapsedMs,
    nextChangeMs,
    nextTickMs,
    signals,
    wakings,
    takeMeterReports: () => metered.take(catchUp(), clock.wallMs(), () => machine.living().values()),
    facts: () => Promise.resolve(factsOf(rig)),
    ...(rig.processes.some(({ hint }) => hint) ? { appHint: hintOf(machine, catchUp) } : {}),
    userName: (uid) =>
      uid === 0 ? 'root' : (Object.entries(rig.users).find(([, other]) => other === uid)?.[0] ?? null),
    command: ([program = '']) => Promise.resolve(problem('absent', `${program} is not installed on this machine.`)),
    library: (name) => problem('absent', `${name} is not installed on this machine.`),
    vendor(driver) {
      const hasNvml = driver === 'nvml' && rig.platform !== 'darwin'
      if (sensors !== null && hasNvml) return nvmlSession(machine, sensors, clock, catchUp, wake)
      return drivers?.(driver) ?? noVendor(`No library of ${driver} is installed on this machine.`)
    },
    http: (url, request) => Promise.resolve(serving.answer(url, request?.method ?? 'GET')),
    contact: plugContacts(machine, sensors, () => void catchUp()),
    traffic: () => [],
    signal(target, name) {
      catchUp()
      const process = machine.living().get(target.pid)
      if (process === undefined || startTicksOf(machine, process) !== target.startTicks)
        return problem('gone', `Process ${target.pid} has ended.`)
      if (rig.meterUid !== 0 && process.spec.uid !== rig.meterUid) {
        return problem('denied', `Process ${target.pid} belongs to another user.`)
      }
      signals.push({ target, name })
      return ok(null)
    },
  }
}

/** Each happening is set when the one before it has passed: in monotonic time it comes earlier by all sleep before it. */
function play(clock: VirtualClock, happenings: readonly Happening[], elapsedMs: () => number): void {
  const [next, ...rest] = happenings
  if (next === undefined) return
  clock.after(next.atMs - elapsedMs(), () => {
    if (next.kind === 'suspend') clock.sleep(next.forMs)
    if (next.kind === 'clockStep') clock.stepWall(next.byMs)
    if (next.kind === 'stall') clock.stall(next.forMs)
    play(clock, rest, elapsedMs)
  })
}

function defaultTickMs(rig: Rig): number {
  if (rig.tick !== undefined) return durationMs(rig.tick)
  return durationMs(rig.duration) > durationMs('1w') ? 10_000 : 1_000
}

const OS_NAME = { linux: 'Rig Linux', darwin: 'Rig macOS', win32: 'Rig Windows' } as const

/** As this platform's processes are known by (`ProcessKey`). */
function startTicksOf(machine: Machine, process: ProcessState): number {
  const { platform } = machine.rig
  if (platform === 'linux') return process.startTicks
  return platform === 'darwin' ? macStartTicks(process) : windowsStartMs(machine, process)
}

function factsOf(rig: Rig): MachineFacts {
  return {
    cpuModel: rig.cpu.model,
    cpuVendor: rig.cpu.vendor,
    logicalCpus: rig.cpu.logicalCpus,
    physicalCores: rig.cpu.physicalCores ?? rig.cpu.logicalCpus,
    sockets: Math.max(1, rig.domains.filter(({ zone }) => zone.startsWith('package')).length),
    memoryBytes: rig.memoryBytes,
    chassis: rig.chassis,
    osName: OS_NAME[rig.platform],
    virtualisation: rig.cpu.virtualisation,
  }
}

/** Where any process hints, those without a hint are known to be no app's. */
function hintOf(machine: Machine, catchUp: () => number): (pid: number) => string | null {
  return (pid) => {
    catchUp()
    const spec = machine.living().get(pid)?.spec
    return spec?.hint === true ? (spec.app ?? null) : null
  }
}
