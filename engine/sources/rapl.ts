import { ok, type Problem, problem } from '../../contract/result.ts'
import type { Host, KeptFile, MachineFacts } from '../host/host.ts'
import { type RaplZone, readUj, resetFrozen, zoneReading } from './rapl-reading.ts'
import { CONTAINER_REMEDY, GRANT, MODULE_REMEDY } from './rapl-remedies.ts'
import { describeZone, listZones, RAPL, type ZoneId } from './rapl-zones.ts'
import type { Domain, OpenSource, Reading, Source, SourceContext, SourceFault } from './source.ts'

/** CPU energy from Linux powercap: µJ counters that wrap at `max_energy_range_uj`. Kernel: Documentation/power/powercap/powercap.rst */
export const rapl: Source = {
  id: RAPL,
  title: 'Processor counters (RAPL)',
  platforms: ['linux'],
  async probe(context) {
    const { host, facts } = context
    const ids = listZones(host)
    if (ids.length === 0) return absent(facts)
    const open = new OpenRapl(context)
    open.refresh()
    if (open.domains.length > 0) return ok(open)
    open.close()
    return whyNone(host, ids)
  },
}

class OpenRapl implements OpenSource {
  readonly #context: SourceContext
  #zones: RaplZone[] = []

  constructor(context: SourceContext) {
    this.#context = context
  }

  get domains(): readonly Domain[] {
    return this.#zones.map(({ domain }) => domain)
  }

  sample(): readonly Reading[] {
    const load = this.#context.load()
    const { clock } = this.#context.host
    return this.#zones.map((zone) => zoneReading(zone, clock.monotonicMs(), load))
  }

  refresh(): boolean {
    const before = this.#zones.map(({ domain }) => domain.id).join()
    const found = this.#find()
    for (const zone of this.#zones) if (!found.includes(zone)) zone.file.close()
    this.#zones = found
    return found.map(({ domain }) => domain.id).join() !== before
  }

  close(): void {
    for (const { file } of this.#zones) file.close()
    this.#zones = []
  }

  /** Readable zones, each domain once; one that is read already keeps its descriptor while that works. */
  #find(): RaplZone[] {
    const found = new Map<string, RaplZone>()
    for (const id of listZones(this.#context.host)) {
      const known = this.#zones.find((zone) => zone.id.path === id.path && !zone.isLost)
      const zone = known ?? this.#open(id)
      if (zone === null) continue
      if (found.has(zone.domain.id)) {
        if (zone !== known) zone.file.close()
      } else found.set(zone.domain.id, zone)
    }
    return [...found.values()]
  }

  #open(id: ZoneId): RaplZone | null {
    const { host, facts } = this.#context
    const described = describeZone(host, facts, id)
    if (described === null) return null
    const opened = host.files.open(`${id.path}/energy_uj`)
    if (!opened.ok) return null
    const zone = { id, ...described, file: opened.value, isLost: false, frozen: resetFrozen() }
    // A read that fails for the moment says nothing of the next; one that is refused does.
    if (isRefused(opened.value)) {
      opened.value.close()
      return null
    }
    return zone
  }
}

function isRefused(file: KeptFile): boolean {
  const answer = readUj(file)
  return answer === 'denied' || answer === 'gone' || answer === 'absent'
}

function absent(facts: MachineFacts): Problem<SourceFault> {
  if (facts.virtualisation === 'vm' || facts.virtualisation === 'wsl') {
    return problem(
      'absent',
      'This machine shows no RAPL counters: virtual machines rarely do. Perwatt estimates the processor from its load instead.',
    )
  }
  if (facts.virtualisation === 'container') {
    return problem(
      'absent',
      'The machine around this container shows no RAPL counters: it is virtual itself, or the kernel module that reads them is not loaded.',
      MODULE_REMEDY,
    )
  }
  if (!/intel|amd|hygon/i.test(facts.cpuVendor ?? '')) {
    return problem('absent', 'Only processors of Intel and AMD have RAPL counters, and this one shows none.')
  }
  return problem(
    'absent',
    'Linux shows no RAPL counters. The kernel module that reads them may not be loaded.',
    MODULE_REMEDY,
  )
}

function whyNone(host: Host, ids: readonly ZoneId[]): Problem<SourceFault> {
  let isDenied = false
  let isDangling = false
  for (const { path } of ids) {
    const name = host.files.text(`${path}/name`)
    const energy = host.files.open(`${path}/energy_uj`)
    if (!name.ok && name.code === 'absent' && host.files.link(path).ok) isDangling = true
    if (energy.ok) energy.value.close()
    else if (energy.code === 'denied') isDenied = true
  }
  if (isDenied) {
    return problem('denied', 'This processor counts its energy, but Linux lets only root read the counters.', GRANT)
  }
  if (isDangling) {
    return problem(
      'hidden',
      'This processor counts its energy, but the container hides the counters: their links lead nowhere.',
      CONTAINER_REMEDY,
    )
  }
  return problem('broken', 'RAPL counters are listed, but none of them gives a number.')
}
