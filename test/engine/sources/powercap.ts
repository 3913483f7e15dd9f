import type { DomainKind } from '../../../contract/ids.ts'
import type { MachineFacts } from '../../../engine/host/host.ts'
import type { FittedCurve, MachineLoad, SourceContext } from '../../../engine/sources/source.ts'
import type { ConfiguredMeter } from '../../../engine/sources/wall/dialect.ts'
import { BARE_FACTS, type MemoryFile, MemoryHost } from '../../support/memory-host.ts'

const CLASS = '/sys/class/powercap'

export type Zone = { name: string; uj?: MemoryFile; range?: string; maxUw?: string }

/** A machine whose powercap zones are written by id: `{ '0': { name: 'package-0' }, '0:1': { name: 'dram' }, 'mmio:0': … }`. */
export class PowercapMachine {
  readonly host = new MemoryHost()
  load: MachineLoad | null = { atMs: 0, busyMs: 0, logicalCpus: 4 }
  measuredKinds = new Set<DomainKind>()
  wallMeters: readonly ConfiguredMeter[] = []
  fittedCurve: FittedCurve | null = null
  facts: MachineFacts

  constructor(zones: Readonly<Record<string, Zone>> = {}, facts: Partial<MachineFacts> = {}) {
    this.facts = { ...BARE_FACTS, ...facts }
    for (const [id, zone] of Object.entries(zones)) this.add(id, zone)
  }

  add(id: string, { name, uj = '1000\n', range = '262143328850\n', maxUw }: Zone): void {
    const path = pathOf(id)
    this.host.write(`${path}/name`, `${name}\n`)
    this.host.write(`${path}/energy_uj`, uj)
    this.host.write(`${path}/max_energy_range_uj`, range)
    if (maxUw !== undefined) this.host.write(`${path}/constraint_0_max_power_uw`, maxUw)
    this.host.links.set(path, '../../devices/virtual/powercap/intel-rapl')
  }

  count(id: string, uj: MemoryFile): void {
    this.host.write(`${pathOf(id)}/energy_uj`, uj)
  }

  remove(id: string): void {
    for (const name of ['name', 'energy_uj', 'max_energy_range_uj']) this.host.remove(`${pathOf(id)}/${name}`)
    this.host.links.delete(pathOf(id))
  }

  /** A container masks the devices: the links in the class folder lead nowhere. */
  hide(): void {
    for (const path of [...this.host.memory.keys()]) if (path.startsWith(CLASS)) this.host.remove(path)
  }

  get context(): SourceContext {
    const { host, facts, measuredKinds } = this
    return {
      ...{ host, facts, load: () => this.load, measuredKinds, wallMeters: () => this.wallMeters },
      fittedCurve: () => this.fittedCurve,
    }
  }
}

function pathOf(id: string): string {
  return id.startsWith('mmio:') ? `${CLASS}/intel-rapl-mmio:${id.slice(5)}` : `${CLASS}/intel-rapl:${id}`
}
