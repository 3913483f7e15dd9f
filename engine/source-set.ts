import type { DomainId, DomainKind, SourceId } from '../contract/ids.ts'
import { type Problem, problem } from '../contract/result.ts'
import type { DeviceUse } from './processes/gpu-time.ts'
import type { Domain, OpenSource, Reading, Source, SourceContext, SourceFault } from './sources/source.ts'

export type SourceView = {
  readonly id: SourceId
  readonly title: string
  /** `null` where it measures. */
  readonly problem: Problem<SourceFault> | null
  readonly domains: readonly Domain[]
  readonly cpuMsPerTick: number
}

/** The sources of the registry that can read this machine, asked together once a tick. */
export interface SourceSet {
  /** Probes every source again, in the order of the registry: at the start, after a grant, after a resume. */
  probe(): Promise<void>
  /** Whether one that could not read would read now: a grant (every look), a driver, a device or a restart (every tenth). Changes nothing. */
  wouldFindMore(): Promise<boolean>
  /** Closes sources that give nonsense, and lets those behind them stand in; the next `probe` tries them anew. */
  giveUp(broken: ReadonlyMap<SourceId, Problem<SourceFault>>): Promise<void>
  /** Looks for domains that came or went; `true` where there is a difference. */
  refresh(): boolean
  readonly domains: readonly Domain[]
  /** Domains that a source reads although one before it reads them already: a check on that one, and no energy of their own. */
  readonly checks: readonly Domain[]
  sample(): readonly Reading[]
  /** What the sources behind the first read of `checks` in the last `sample`. */
  checkReadings(): readonly CheckReading[]
  /** What processes did on devices, from sources that tell; call it after `sample`. */
  uses(): readonly DeviceUse[]
  views(): readonly SourceView[]
  close(): void
}

/** A grant comes at any time; a device or driver rarely, and looking for it may start a process: every so many looks. */
const LONG_LOOK = 10

export type CheckReading = { readonly source: SourceId; readonly reading: Reading }

type Slot = {
  readonly source: Source
  open: OpenSource | null
  problem: Problem<SourceFault> | null
  /** It could be opened, and then gave nonsense. */
  isGivenUp: boolean
  costMs: number
  ticks: number
}

export function createSourceSet(registry: readonly Source[], context: Omit<SourceContext, 'measuredKinds'>): SourceSet {
  const { host } = context
  const slots = registry
    .filter((source) => source.platforms.includes(host.platform))
    .map((source): Slot => ({ source, open: null, problem: null, isGivenUp: false, costMs: 0, ticks: 0 }))
  const readings: Reading[] = []
  const checkReadings: CheckReading[] = []
  let domains: readonly Domain[] = []
  let checks: readonly Domain[] = []
  let readBy: ReadonlyMap<DomainId, SourceId> = new Map()
  let looks = 0

  /** Where two sources read one domain, the one that stands first in the registry counts. */
  function collect(): void {
    const byId = new Map<DomainId, Domain>()
    const all = slots.flatMap((slot) => slot.open?.domains ?? [])
    for (const domain of all) if (!byId.has(domain.id)) byId.set(domain.id, domain)
    domains = [...byId.values()]
    checks = all.filter((domain) => byId.get(domain.id) !== domain)
    readBy = new Map(domains.map(({ id, source }) => [id, source]))
  }

  async function probeAll(broken: ReadonlyMap<SourceId, Problem<SourceFault>>): Promise<void> {
    const measuredKinds = new Set<DomainKind>()
    for (const slot of slots) {
      const result = broken.get(slot.source.id) ?? (await slot.source.probe({ ...context, measuredKinds }))
      slot.open?.close()
      slot.open = result.ok ? result.value : null
      slot.problem = result.ok ? null : result
      slot.isGivenUp = broken.has(slot.source.id)
      for (const domain of slot.open?.domains ?? []) if (domain.parent === null) measuredKinds.add(domain.kind)
    }
    collect()
  }

  return {
    get domains() {
      return domains
    },
    get checks() {
      return checks
    },
    checkReadings: () => checkReadings,
    probe: () => probeAll(new Map()),
    giveUp: probeAll,
    async wouldFindMore() {
      looks += 1
      const isLongLook = looks % LONG_LOOK === 0
      const measuredKinds = new Set(domains.filter(({ parent }) => parent === null).map(({ kind }) => kind))
      for (const { source, open, problem: fault, isGivenUp } of slots) {
        // What gave nonsense may look well again for a moment: that is tried when somebody asks for it, and does not come and go by itself.
        if (open !== null || isGivenUp) continue
        if ((fault?.code === 'absent' || fault?.code === 'broken') && !isLongLook) continue
        const result = await source.probe({ ...context, measuredKinds })
        if (!result.ok) continue
        result.value.close()
        return true
      }
      return false
    },
    refresh() {
      let changed = false
      for (const slot of slots) changed = (slot.open?.refresh() ?? false) || changed
      if (changed) collect()
      return changed
    },
    sample() {
      readings.length = 0
      checkReadings.length = 0
      for (const slot of slots) {
        if (slot.open === null) continue
        const beforeMs = host.clock.monotonicMs()
        for (const reading of slot.open.sample())
          if (readBy.get(reading.domain) === slot.source.id) readings.push(reading)
          else checkReadings.push({ source: slot.source.id, reading })
        slot.costMs += host.clock.monotonicMs() - beforeMs
        slot.ticks += 1
      }
      return readings
    },
    uses: () => slots.flatMap((slot) => slot.open?.uses?.() ?? []),
    views: () =>
      slots.map(({ source, open, problem: fault, costMs, ticks }) => ({
        id: source.id,
        title: source.title,
        problem: fault ?? (open === null ? problem('broken', 'Not asked yet.') : null),
        domains: open?.domains ?? [],
        cpuMsPerTick: ticks === 0 ? 0 : costMs / ticks,
      })),
    close() {
      for (const slot of slots) slot.open?.close()
    },
  }
}
