import type { DomainId } from '../contract/ids.ts'
import type { Provenance } from '../contract/units.ts'
import type { Attribution } from '../engine/attribution/types.ts'
import { appsUncertaintyMj, type DomainSum, expandedRatio } from '../engine/attribution/uncertainty.ts'
import type { DomainView } from '../engine/energy-book.ts'
import type { Measuring } from '../engine/measuring.ts'
import { SELF } from '../engine/processes/sampler.ts'
import type { RunJson } from './shapes.ts'

export type CommandFigures = Omit<
  RunJson,
  'schema' | 'command' | 'label' | 'job' | 'startedAt' | 'exitCode' | 'signal' | 'durationMs'
>

/** A peak over less than this is the noise of one short tick. */
const PEAK_FROM_MS = 100

type Sum = {
  readonly view: DomainView
  commandMj: number
  machineMj: number
  floorMj: number
  floorShareMj: number
  otherMj: number
  varMj2: number
}

/**
 * What a command and its children drew: every domain's energy from the first tick to the last, divided by CPU time as everywhere.
 * The command is our own child, so its processes are followed as our own tree, less what this process itself did.
 */
export class CommandMeter {
  readonly #measuring: Measuring
  readonly #wallMs: () => number
  readonly #sums = new Map<DomainId, Sum>()
  #own = process.cpuUsage()
  #cpuMs = 0
  #peakW: number | null = null

  /** Everything up to now belongs to nobody: the counters begin here. */
  constructor(measuring: Measuring, wallMs: () => number) {
    this.#measuring = measuring
    this.#wallMs = wallMs
    measuring.tick()
    this.#own = process.cpuUsage()
  }

  tick(): void {
    const own = process.cpuUsage()
    const ownMs = (own.user - this.#own.user + own.system - this.#own.system) / 1_000
    this.#own = own
    const { activity, attributions, fromMs, toMs } = this.#measuring.tick()
    const treeMs = activity?.apps.find((app) => app.app === SELF)?.plainCpuMs ?? 0
    const commandMs = Math.max(0, treeMs - ownMs)
    this.#cpuMs += commandMs
    const part = treeMs > 0 ? commandMs / treeMs : 0
    const tickMj = attributions.reduce((mj, attribution) => mj + this.#take(attribution, part), 0)
    if (toMs - fromMs < PEAK_FROM_MS || attributions.length === 0) return
    this.#peakW = Math.max(this.#peakW ?? 0, tickMj / (toMs - fromMs))
  }

  /** Books one interval of one domain; returns the command's part of it. */
  #take(attribution: Attribution, part: number): number {
    const sum = this.#sumOf(attribution.domain)
    if (sum === null) return 0
    const share = attribution.shares.find((one) => one.app === SELF)
    const commandMj = part * ((share?.activeMj ?? 0) + (share?.idleMj ?? 0))
    sum.commandMj += commandMj
    sum.machineMj += attribution.energyMj
    sum.floorMj += attribution.idleMj
    sum.floorShareMj += part * (share?.floorShareMj ?? 0)
    sum.otherMj += attribution.energyMj - attribution.idleMj - commandMj
    sum.varMj2 += share?.varMj2 ?? 0
    return commandMj
  }

  /** `null` for what stands beside the machine's sum: a battery, a wall meter. */
  #sumOf(leafId: DomainId): Sum | null {
    const known = this.#sums.get(leafId)
    if (known !== undefined) return known
    const views = this.#measuring.book.views(Math.floor(this.#wallMs() / 1_000))
    const view = views.find((one) => one.leafId === leafId && one.scope === 'inner')
    if (view === undefined) return null
    const sum = { view, commandMj: 0, machineMj: 0, floorMj: 0, floorShareMj: 0, otherMj: 0, varMj2: 0 }
    this.#sums.set(leafId, sum)
    return sum
  }

  figures(durationMs: number): CommandFigures {
    const sums = [...this.#sums.values()]
    if (sums.length === 0) return nothing(this.#cpuMs, this.#measuring)
    const domains = sums.map(({ view, commandMj, machineMj }) => ({
      id: view.leafId,
      kind: view.domain.kind,
      provenance: view.domain.provenance,
      energyMj: Math.round(commandMj),
      machineMj,
    }))
    const energyMj = total(domains, (domain) => domain.energyMj)
    const estimatedMj = total(domains, (domain) => (domain.provenance === 'estimate' ? domain.energyMj : 0))
    const averageW = durationMs > 0 ? energyMj / durationMs : null
    const terms = sums.map((sum) => uncertaintyTerms(sum, sum.view.shareRatio ?? this.#measuring.shareRatio))
    return {
      energyMj,
      domains,
      averageW,
      peakW: this.#peakW === null || averageW === null ? averageW : Math.max(this.#peakW, averageW),
      cpuMs: this.#cpuMs,
      machineMj: total(domains, (domain) => domain.machineMj),
      provenance: mainProvenance(sums),
      estimatedRatio: energyMj > 0 ? estimatedMj / energyMj : 0,
      uncertainty: expandedRatio(
        appsUncertaintyMj(terms, () => true),
        energyMj,
      ),
      reason: null,
    }
  }
}

function uncertaintyTerms({ view, ...sum }: Sum, shareRatio: number): DomainSum {
  return {
    gainKey: view.domain.parent ?? view.domain.id,
    gainRatio: view.domain.gainRatio,
    floorMj: sum.floorMj,
    floorRatio: view.floor.ratio,
    otherMj: sum.otherMj,
    varMj2: sum.varMj2,
    apps: [
      {
        app: SELF,
        activeMj: sum.commandMj,
        idleMj: 0,
        floorShareMj: sum.floorShareMj,
        shareRatio,
        varMj2: sum.varMj2,
      },
    ],
  }
}

/** That of the largest part of the energy. */
function mainProvenance(sums: readonly Sum[]): Provenance | null {
  const byProvenance = new Map<Provenance, number>()
  for (const { view, commandMj } of sums) {
    const { provenance } = view.domain
    byProvenance.set(provenance, (byProvenance.get(provenance) ?? 0) + commandMj)
  }
  return [...byProvenance].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? null
}

function nothing(cpuMs: number, { sources }: Measuring): CommandFigures {
  const reason =
    sources.domains.length === 0
      ? 'No source can measure this machine; perwatt doctor says why.'
      : 'No source gave two readings while the command ran; perwatt doctor says why.'
  const figures = { energyMj: null, averageW: null, peakW: null, machineMj: null, provenance: null, uncertainty: null }
  return { ...figures, domains: [], cpuMs, estimatedRatio: 0, reason }
}

function total<T>(items: readonly T[], amountOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amountOf(item), 0)
}
