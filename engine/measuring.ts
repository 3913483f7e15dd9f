import { CPU_SHARE_RATIO } from './apps.ts'
import { belong } from './catalogue/fold.ts'
import type { Catalogue } from './catalogue/match.ts'
import { createEnergyBook, type EnergyBook } from './energy-book.ts'
import type { Host, MachineFacts } from './host/host.ts'
import type { Matcher, Place, ProcessIdentity } from './processes/identity.ts'
import { linuxSampler } from './processes/linux.ts'
import type { ProcessSampler } from './processes/sampler.ts'
import { createSourceSet, type SourceSet } from './source-set.ts'
import { sources as registry } from './sources/registry.ts'
import { createTicker, type Ticked, type Ticker } from './tick.ts'

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
}

export async function startMeasuring(options: MeasuringOptions): Promise<Measuring> {
  const { host, facts, catalogue, selfPids } = options
  const matcher: Matcher = { recognise: (identity) => placeBy(catalogue(), identity) }
  const sampler = linuxSampler({ host, facts, selfPids, matcher })
  let load = sampler.readLoad()
  const readLoad = () => {
    load = sampler.readLoad()
  }
  const book = createEnergyBook(options.keptFloor)
  const sources = createSourceSet(registry, { host, facts, load: () => load })
  const ticker = createTicker({ host, sources, sampler: () => sampler, readLoad, book })

  async function probe(): Promise<void> {
    await sources.probe()
    book.setDomains(sources.domains)
  }

  await probe()
  return {
    facts,
    sources,
    book,
    shareRatio: CPU_SHARE_RATIO,
    sampler: () => sampler,
    tick: () => ticker.tick(),
    restart: (cause) => ticker.restart(cause),
    probe,
    rematch: () => sampler.lookAgain(),
    close() {
      sources.close()
      sampler.close()
    },
  }
}

function placeBy(catalogue: Catalogue, identity: ProcessIdentity): Place {
  const own = { match: catalogue.match(identity), isTerminalShell: catalogue.isTerminalShell(identity) }
  return (above) => belong(own, above)
}
