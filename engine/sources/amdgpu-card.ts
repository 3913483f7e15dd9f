import { problem } from '../../contract/result.ts'
import type { HostFiles } from '../host/host.ts'
import type { DeviceUse } from '../processes/gpu-time.ts'
import type { AmdGpu } from './amdgpu-devices.ts'
import { apuLines, type CardLook, cardLine, type PowerLine } from './amdgpu-domains.ts'
import { createEnergyCheck, SHORT_RANGE_UNITS } from './amdgpu-energy.ts'
import { CardFiles, limitW } from './amdgpu-files.ts'
import { createSleepWatch, isAsleep, maySleep, type SleepWatch } from './runtime-status.ts'
import type { Domain, Reading, SourceContext } from './source.ts'

/** Why a card has no domain. `contained`: its chip tells nothing beyond what the processor's package holds already. */
export type CardRefusal = 'denied' | 'broken' | 'contained' | 'secondDie'

/** MI200 accelerators of two dies: the first reports both, the second 0 W. */
const TWO_DIES: ReadonlySet<string> = new Set(['1002:7408', '1002:740c'])
/** A resetting or busy firmware answers again soon; until then its domain only waits. */
const MOST_MISSES = 5
/**
 * Each look restarts the driver's timer that puts an idle card to sleep (5 s by default), so that looking every second would keep it awake for
 * good. A quiet card that may sleep is therefore left alone for longer than that.
 */
const QUIET_RATIO = 0.02
const QUIET_MS = 10_000
const REST_MS = 15_000
/** Over a longer silence than this nothing is said of what the card did. */
const LONGEST_USE_MS = 60_000
const NJ_PER_J = 1_000_000_000n
const UNIT_BITS = 16n

/** A card that is read every tick, or every few seconds where it should be left to fall asleep. */
export class AmdCard {
  readonly gpu: AmdGpu
  /** What the card did since the last tick. */
  use: DeviceUse | null = null
  /** Its descriptors no longer work: the next refresh opens it anew or lets it go. */
  isLost = false
  readonly #host: HostFiles
  readonly #files: CardFiles
  readonly #watch: SleepWatch
  readonly #lines: readonly PowerLine[]
  readonly #isApu: boolean
  readonly #check = createEnergyCheck()
  /** Of an APU; of a card it depends on what is believed. */
  readonly #asksSensor: boolean
  #asksTable: boolean
  #maySleep = false
  #misses = 0
  #lastMs: number | null = null
  #busyRatio: number | null = null
  #quietSinceMs: number | null = null
  #restsUntilMs = Number.NEGATIVE_INFINITY

  constructor(host: HostFiles, gpu: AmdGpu, files: CardFiles, lines: readonly PowerLine[], isApu: boolean) {
    this.gpu = gpu
    this.#host = host
    this.#files = files
    this.#watch = createSleepWatch(host, gpu.address)
    this.#lines = lines
    this.#isApu = isApu
    this.#asksTable = files.hasTable && lines.some(({ from }) => from !== 'sensor')
    this.#asksSensor = lines.some(({ from }) => from === 'sensor')
    this.reconsider()
  }

  get domains(): readonly Domain[] {
    return this.#lines.map(({ domain }) => domain)
  }

  /** Whether it may sleep is a setting that power managers change. */
  reconsider(): void {
    this.#maySleep = maySleep(this.#host, this.gpu.address)
  }

  sample(nowMs: number): readonly Reading[] {
    const fromMs = this.#lastMs
    this.#lastMs = nowMs
    if (this.#maySleep && this.#watch.isAsleep()) {
      this.#busyRatio = 0
      this.use = this.#usedSince(fromMs, nowMs)
      return this.#sleep(nowMs)
    }
    const readings = nowMs < this.#restsUntilMs ? [] : this.#look(nowMs)
    this.use = this.#usedSince(fromMs, nowMs)
    return readings
  }

  close(): void {
    this.#watch.close()
    this.#files.close()
  }

  #look(nowMs: number): readonly Reading[] {
    const files = this.#files
    const metrics = this.#asksTable ? files.metrics() : null
    const isTableEnough = this.#check.isTrusted && metrics !== null && metrics.powerW !== null
    const asksSensor = this.#isApu ? this.#asksSensor : !isTableEnough
    const seen: CardLook = { metrics, sensorW: asksSensor ? files.powerW() : null }
    if (files.isGone) return this.#lost(nowMs)
    const readings = this.#isApu ? this.#apuReadings(seen, nowMs) : this.#cardReadings(seen, nowMs)
    this.#busyRatio = files.busyRatio() ?? metrics?.busyRatio ?? null
    this.#rest(nowMs)
    if (readings.length > 0) {
      this.#misses = 0
      return readings
    }
    this.#misses += 1
    return this.#misses < MOST_MISSES ? [] : this.#faults(nowMs, 'broken', 'has not been told for a while')
  }

  #apuReadings(seen: CardLook, atMs: number): Reading[] {
    const readings: Reading[] = []
    for (const { domain, powerW } of this.#lines) {
      const power = powerW(seen)
      if (power !== null && power <= domain.plausibleMaxW)
        readings.push({ kind: 'sensor', domain: domain.id, atMs, powerW: power })
    }
    return readings
  }

  #cardReadings(seen: CardLook, atMs: number): Reading[] {
    const line = this.#lines[0] as PowerLine
    const { metrics } = seen
    const told = line.powerW(seen)
    const powerW = told !== null && told <= line.domain.plausibleMaxW ? told : null
    const units = metrics?.energyUnits ?? null
    if (metrics !== null) {
      this.#check.take(units, powerW, atMs)
      // Without an energy, the table has nothing that the sensor does not tell as well.
      this.#asksTable = (units !== null && units > 0n) || !this.#files.hasPower
    } else {
      this.#check.restart()
      // A table that stays away takes its energy with it; the sensor goes on alone.
      if (this.#misses >= MOST_MISSES) this.#check.take(null, null, atMs)
      if (this.#files.isTableUnknown && this.#files.hasPower && !this.#check.isTrusted) this.#asksTable = false
    }
    if (this.#check.isTrusted) return units === null ? [] : [energyReading(line.domain, atMs, units)]
    return powerW === null ? [] : [{ kind: 'sensor', domain: line.domain.id, atMs, powerW }]
  }

  /** An APU never sleeps while its machine runs. */
  #rest(nowMs: number): void {
    const isQuiet = this.#maySleep && !this.#isApu && this.#busyRatio !== null && this.#busyRatio < QUIET_RATIO
    this.#quietSinceMs = isQuiet ? (this.#quietSinceMs ?? nowMs) : null
    if (this.#quietSinceMs !== null && nowMs - this.#quietSinceMs >= QUIET_MS) this.#restsUntilMs = nowMs + REST_MS
  }

  /** The package of an APU does not sleep with its graphics, and nothing is told of it then. */
  #sleep(atMs: number): Reading[] {
    this.#check.restart()
    this.#misses = 0
    this.#quietSinceMs = null
    this.#restsUntilMs = Number.NEGATIVE_INFINITY
    return this.#lines.flatMap(({ domain }) =>
      domain.kind === 'gpu' ? [{ kind: 'asleep', domain: domain.id, atMs } as const] : [],
    )
  }

  #lost(atMs: number): Reading[] {
    this.isLost = true
    this.#busyRatio = null
    return this.#faults(atMs, 'absent', 'is no longer told: the device is gone')
  }

  #faults(atMs: number, code: 'absent' | 'broken', what: string): Reading[] {
    return this.#lines.map(({ domain }) => ({
      kind: 'fault',
      domain: domain.id,
      atMs,
      problem: problem(code, `The power of ${domain.name} ${what}.`),
    }))
  }

  /** A card at rest is taken to do what it did when it was last looked at. */
  #usedSince(fromMs: number | null, toMs: number): DeviceUse | null {
    if (fromMs === null || !(toMs > fromMs) || toMs - fromMs > LONGEST_USE_MS) return null
    const busyMs = this.#busyRatio === null ? null : this.#busyRatio * (toMs - fromMs)
    return { device: this.gpu.address, fromMs, toMs, busyMs, processes: [] }
  }
}

/** Looks at a card for the first time; one that sleeps is taken for a card with a sensor, and not asked. */
export function openAmdCard(context: SourceContext, gpu: AmdGpu, isOnlyGpu: boolean): AmdCard | CardRefusal {
  const host = context.host.files
  const files = new CardFiles(host, gpu.path)
  const refuse = (why: CardRefusal): CardRefusal => {
    files.close()
    return why
  }
  if (!files.hasPower && !files.hasTable) return refuse(files.isDenied ? 'denied' : 'broken')
  if (isAsleep(host, gpu.address)) {
    if (files.isApuByName) return refuse('contained')
    return new AmdCard(host, gpu, files, [cardLine(gpu, null)], false)
  }
  const seen: CardLook = { metrics: files.metrics(), sensorW: files.powerW() }
  const isApu = seen.metrics?.isApu ?? files.isApuByName
  if (isApu) {
    const lines = apuLines(context, gpu, files, seen, isOnlyGpu)
    return lines.length === 0 ? refuse('contained') : new AmdCard(host, gpu, files, lines, true)
  }
  const line = cardLine(gpu, limitW(host, gpu.path))
  const powerW = line.powerW(seen)
  if (powerW === null) return refuse('broken')
  if (powerW === 0 && TWO_DIES.has(gpu.pciId)) return refuse('secondDie')
  return new AmdCard(host, gpu, files, [line], false)
}

/** In nJ, which 2^-16 J is no whole number of. */
function energyReading(domain: Domain, atMs: number, units: bigint): Reading {
  const wrapsAfter = units < SHORT_RANGE_UNITS ? toNj(SHORT_RANGE_UNITS) : null
  return { kind: 'counter', domain: domain.id, atMs, raw: toNj(units), unitNj: 1n, wrapsAfter }
}

function toNj(units: bigint): bigint {
  return (units * NJ_PER_J) >> UNIT_BITS
}
