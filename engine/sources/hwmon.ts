import type { DomainKind } from '../../contract/ids.ts'
import { ok, type Problem, problem } from '../../contract/result.ts'
import type { Host } from '../host/host.ts'
import type { DeviceUse } from '../processes/gpu-time.ts'
import { counterReader } from './hwmon-counter.ts'
import { type MeterReader, readableByAll } from './hwmon-fault.ts'
import { type Found, type FoundMeter, findMeters, HWMON } from './hwmon-find.ts'
import { sensorReader } from './hwmon-sensor.ts'
import type { Domain, OpenSource, Reading, Source, SourceFault } from './source.ts'

/** Energy and power of chips that hwmon shows, where it is known what they measure. Kernel: Documentation/hwmon/sysfs-interface.rst */
export const hwmon: Source = {
  id: HWMON,
  title: 'Sensors of the board (hwmon)',
  platforms: ['linux'],
  async probe({ host, measuredKinds }) {
    // Asked now: later the kinds of this source are among them.
    const measuredBefore = new Set([...STAND_IN].filter((kind) => measuredKinds.has(kind)))
    const open = new OpenHwmon(host, (kind) => !measuredBefore.has(kind))
    open.refresh()
    if (open.domains.length > 0) return ok(open)
    open.close()
    return whyNone(open.found)
  },
}

/** What is read here only where no better source does: RAPL counts a package, its sensors sample it. */
const STAND_IN: ReadonlySet<DomainKind> = new Set(['cpu', 'dram'])

type OpenMeter = { readonly meter: FoundMeter; readonly key: string; readonly reader: MeterReader; isLost: boolean }

class OpenHwmon implements OpenSource {
  readonly #host: Host
  readonly #isWanted: (kind: DomainKind) => boolean
  #open: OpenMeter[] = []
  #usesMs: number | null = null
  found: Found = { meters: [], denied: [], known: 0 }

  constructor(host: Host, isWanted: (kind: DomainKind) => boolean) {
    this.#host = host
    this.#isWanted = isWanted
  }

  get domains(): readonly Domain[] {
    return this.#open.map(({ meter }) => meter.domain)
  }

  sample(): readonly Reading[] {
    const readings: Reading[] = []
    for (const open of this.#open) {
      const reading = open.reader.sample(this.#host.clock.monotonicMs())
      if (reading === null) continue
      if (reading.kind === 'fault' && reading.problem.code !== 'broken') open.isLost = true
      readings.push(reading)
    }
    return readings
  }

  /**
   * That nobody was at work on a card is known only where the card is named: the driver tells no time of its own, and a process's is added
   * by whoever reads it. Without this, a card that nothing holds open would never teach its floor.
   */
  uses(): readonly DeviceUse[] {
    const fromMs = this.#usesMs
    const toMs = this.#host.clock.monotonicMs()
    this.#usesMs = toMs
    if (fromMs === null || fromMs >= toMs) return []
    return this.#open.flatMap(({ meter: { domain } }) =>
      domain.activity === 'gpu' && domain.device !== undefined
        ? { device: domain.device, fromMs, toMs, busyMs: null, processes: [] }
        : [],
    )
  }

  /** A meter that is still where it was keeps its reader; one of another chip, place or device gets a new one. */
  refresh(): boolean {
    const before = this.domains.map(({ id }) => id).join()
    this.found = findMeters(this.#host.files, this.#isWanted)
    const kept = new Map(this.#open.filter(({ isLost }) => !isLost).map((open) => [open.key, open]))
    const now = this.found.meters.flatMap((meter) => kept.get(keyOf(meter)) ?? this.#start(meter) ?? [])
    for (const open of this.#open) if (!now.includes(open)) open.reader.close()
    this.#open = now
    return this.domains.map(({ id }) => id).join() !== before
  }

  close(): void {
    for (const { reader } of this.#open) reader.close()
    this.#open = []
  }

  #start(meter: FoundMeter): OpenMeter | null {
    const reader = meter.reads === 'energy' ? counterReader(this.#host, meter) : sensorReader(this.#host, meter)
    return reader === null ? null : { meter, key: keyOf(meter), reader, isLost: false }
  }
}

function keyOf({ domain, chips, inputs }: FoundMeter): string {
  return [domain.id, chips, ...inputs.flat()].join(' ')
}

function whyNone({ denied, known }: Found): Problem<SourceFault> {
  const [path] = denied
  if (path !== undefined) {
    return problem(
      'denied',
      'This machine has a sensor of its power, but Linux does not let you read it.',
      readableByAll(path),
    )
  }
  if (known > 0) {
    return problem(
      'absent',
      'Linux shows sensors that Perwatt knows, but none of them tells a power that is not measured better elsewhere.',
    )
  }
  return problem('absent', 'Linux shows no sensor of power that Perwatt knows: most machines have none.')
}
