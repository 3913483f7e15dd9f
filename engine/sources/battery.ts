import { SourceId } from '../../contract/ids.ts'
import { ok, problem } from '../../contract/result.ts'
import type { Host } from '../host/host.ts'
import { type Flow, flowOf, listSupplies, type Supplies } from './battery-flow.ts'
import { createGauge, type Gauge } from './battery-gauge.ts'
import { batteryDomain, gaugeFault, gaugeReading } from './battery-reading.ts'
import { type Asker, createAsker } from './in-turn.ts'
import type { Domain, OpenSource, Reading, Source } from './source.ts'

const BATTERY = SourceId.parse('battery')

/** ACPI caches the controller's answer for a second, and each answer wakes it (drivers/acpi/battery.c `cache_time`). */
const EVERY_MS = 2_000

/** A battery that may fly holds 100 Wh, and none is emptied in a quarter of an hour. */
const MOST_W = 400

const DOMAIN = batteryDomain(BATTERY, MOST_W)

/** What the whole machine draws while it runs on its batteries. Kernel: Documentation/ABI/testing/sysfs-class-power */
export const battery: Source = {
  id: BATTERY,
  title: 'Battery',
  platforms: ['linux'],
  async probe({ host, facts }) {
    if (facts.virtualisation === 'vm' || facts.virtualisation === 'wsl') {
      return problem('absent', 'This machine is virtual: a battery that it shows is that of the machine around it.')
    }
    const supplies = listSupplies(host.files)
    if (supplies.batteries.length === 0) return problem('absent', 'This machine has no battery.')
    if (!supplies.batteries.some((path) => tellsPower(host, path))) {
      return problem('absent', 'The battery tells how full it is, but not what flows out of it.')
    }
    return ok(new OpenBattery(host))
  },
}

class OpenBattery implements OpenSource {
  readonly #host: Host
  readonly #asker: Asker<Flow>
  readonly #gauge: Gauge = createGauge(MOST_W)
  #supplies: Supplies

  constructor(host: Host) {
    this.#host = host
    this.#supplies = listSupplies(host.files)
    this.#asker = createAsker(host, EVERY_MS, () => flowOf(this.#supplies))
  }

  get domains(): readonly Domain[] {
    return this.#supplies.batteries.length > 0 ? [DOMAIN] : []
  }

  sample(): readonly Reading[] {
    const answer = this.#asker.look()
    if (answer === null || this.domains.length === 0) return []
    if (answer.value === 'late') return [gaugeFault('broken', answer.atMs, 'has not answered for ten seconds.')]
    const told = this.#gauge.take(answer.value, answer.atMs)
    return told === null ? [] : [gaugeReading(told, answer.atMs)]
  }

  /** Adapters come with their docks, second batteries with their bays. */
  refresh(): boolean {
    const before = this.domains.length
    this.#supplies = listSupplies(this.#host.files)
    return this.domains.length !== before
  }

  close(): void {
    this.#asker.close()
  }
}

/** Asked by opening, not by reading: only a read goes to the embedded controller. */
function tellsPower({ files }: Host, path: string): boolean {
  const isThere = (name: string) => {
    const opened = files.open(`${path}/${name}`)
    if (opened.ok) opened.value.close()
    return opened.ok || opened.code !== 'absent'
  }
  return isThere('power_now') || (isThere('current_now') && isThere('voltage_now'))
}
