import type { SourceId } from '../contract/ids.ts'
import type { Problem } from '../contract/result.ts'
import { CPU_SHARE_RATIO, HYBRID_SHARE_RATIO } from './apps.ts'
import type { Calibrator } from './calibration/calibrator.ts'
import { belong } from './catalogue/fold.ts'
import type { Catalogue } from './catalogue/match.ts'
import { createEnergyBook, type DomainView, type EnergyBook } from './energy-book.ts'
import type { Host, MachineFacts } from './host/host.ts'
import { gpuTimeInterfaces } from './processes/gpu-time-registry.ts'
import type { Matcher, Place, ProcessIdentity } from './processes/identity.ts'
import { containerImages } from './processes/images.ts'
import { openSampler } from './processes/open-sampler.ts'
import type { ProcessSampler } from './processes/sampler.ts'
import { createSourceSet, type SourceSet } from './source-set.ts'
import { sources as registry } from './sources/registry.ts'
import type { SourceContext, SourceFault } from './sources/source.ts'
import { createTicker, type Ticked, type Ticker, type TickWork } from './tick.ts'

/** The measuring half of the engine: what is read of the machine and made of it, without any memory of yesterday. */
export interface Measuring {
  readonly facts: MachineFacts
  readonly sources: SourceSet
  readonly book: EnergyBook
  /** How well CPU time stands for energy on this machine: relative standard uncertainty of a share. */
  readonly shareRatio: number
  sampler(): ProcessSampler
  tick(): Ticked
  restart: Ticker['restart']
  /** Probes all sources again. */
  probe(): Promise<void>
  /** Looks for domains that came or went. */
  refresh(): void
  /** Called before anything is read of domains that are new. */
  onDomainsChanged(handler: () => void): void
  /** Sources of which every domain gives nonsense make way for the estimate behind them; `true` where one did. */
  giveUpBroken(nowS: number): Promise<boolean>
  /** The catalogue changed: every process is looked at anew. */
  rematch(): void
  close(): void
}

export type MeasuringOptions = {
  readonly host: Host
  readonly facts: MachineFacts
  readonly catalogue: () => Catalogue
  readonly selfPids: () => readonly number[]
  readonly keptFloor: (leaf: string) => unknown
  readonly work: TickWork
  readonly wallMeters?: SourceContext['wallMeters']
  readonly calibrator?: Calibrator
}

export async function startMeasuring(options: MeasuringOptions): Promise<Measuring> {
  const { host, facts, catalogue, selfPids, calibrator = null } = options
  const matcher: Matcher = { recognise: (identity) => placeBy(catalogue(), identity) }
  const imageOf = containerImages(host, () => sampler.lookAgain())
  const sampler: ProcessSampler = await openSampler({ host, facts, selfPids, matcher, imageOf })
  let load = sampler.readLoad()
  const readLoad = () => {
    load = sampler.readLoad()
    if (load !== null) calibrator?.takeLoad(load)
  }
  const book = createEnergyBook(options.keptFloor, calibrator)
  const sources = createSourceSet(registry, {
    host,
    facts,
    load: () => load,
    wallMeters: options.wallMeters,
    fittedCurve: () => calibrator?.curve() ?? null,
  })
  const gpuTime = gpuTimeInterfaces
    .filter(({ platforms }) => platforms.includes(host.platform))
    .flatMap((one) => one.open({ host, tracked: () => sampler.tracked() }) ?? [])
  const ticker = createTicker({ host, sources, sampler: () => sampler, readLoad, gpuTime, book, work: options.work })

  let domainsChanged = () => {}
  function takeDomains(): void {
    const before = calibrator?.curve()?.domain
    book.setDomains(sources.domains, sources.checks)
    calibrator?.setDomains(book.views(Math.floor(host.clock.wallMs() / 1_000)))
    domainsChanged()
    // What has come may lie in the fit that the estimate draws already.
    if (calibrator?.curve()?.domain !== before && sources.refresh()) takeDomains()
  }

  async function probe(): Promise<void> {
    await sources.probe()
    takeDomains()
  }

  async function giveUpBroken(nowS: number): Promise<boolean> {
    const views = Map.groupBy(book.views(nowS), (view) => view.domain.source)
    const broken = new Map<SourceId, Problem<SourceFault>>()
    for (const [source, own] of views) {
      const [fault] = own.map((view) => view.problem)
      const isLasting = own.every((view) => isBroken(view) && nowS - (view.failingSinceS ?? nowS) >= GIVEN_UP_AFTER_S)
      if (fault != null && isLasting && own.some(hasStandIn)) broken.set(source, fault)
    }
    if (broken.size === 0) return false
    await sources.giveUp(broken)
    takeDomains()
    return true
  }

  await probe()
  return {
    facts,
    sources,
    book,
    shareRatio: sampler.coresDiffer ? HYBRID_SHARE_RATIO : CPU_SHARE_RATIO,
    sampler: () => sampler,
    tick: () => ticker.tick(),
    restart: (cause) => ticker.restart(cause),
    probe,
    giveUpBroken,
    refresh() {
      if (sources.refresh()) takeDomains()
    },
    onDomainsChanged(handler) {
      domainsChanged = handler
    },
    rematch: () => sampler.lookAgain(),
    close() {
      for (const reader of gpuTime) reader.close()
      sources.close()
      sampler.close()
    },
  }
}

/** One reading that failed is not the end of a counter. */
const GIVEN_UP_AFTER_S = 5

function isBroken({ problem }: DomainView): boolean {
  return problem?.code === 'broken'
}

/**
 * The estimate stands behind processor and memory alone. A card, a battery or a plug whose driver hangs, crashes or is exchanged is asked again
 * by its own source: given up, it would stay dark when it is well again, and nobody would be the better for it.
 */
function hasStandIn({ domain }: DomainView): boolean {
  return domain.kind === 'cpu' || domain.kind === 'dram'
}

function placeBy(catalogue: Catalogue, identity: ProcessIdentity): Place {
  const own = { match: catalogue.match(identity), isTerminalShell: catalogue.isTerminalShell(identity) }
  return (above) => belong(own, above)
}
