import { SourceId } from '../../contract/ids.ts'
import { ok, type Problem, problem } from '../../contract/result.ts'
import type { MachineFacts, VendorSession } from '../host/host.ts'
import { type FreshAnswer, freshAnswers } from './fresh-answers.ts'
import { type Channel, channelsOf, parseChannels, QUANTITIES, type Quantity, sumOf } from './ioreport-channels.ts'
import type { Domain, OpenSource, Reading, Source, SourceContext, SourceFault } from './source.ts'
import { isStandingStill, newStandstill, type Standstill } from './standstill.ts'

const IOREPORT = SourceId.parse('ioreport')

/**
 * Energy of Apple's chips from IOReport's `Energy Model`: cumulative counters that the chip's firmware computes from its load (Apple calls
 * them estimates). Needs no rights. Private interface: engine/vendor/ioreport.ts names where it is known from.
 */
export const ioreport: Source = {
  id: IOREPORT,
  title: 'Apple chip counters (IOReport)',
  platforms: ['darwin'],
  async probe(context) {
    const session = context.host.vendor('ioreport')
    const answer = await session.answer()
    const channels = answer.ok ? parseChannels(answer.value.value) : null
    const counted = QUANTITIES.flatMap((quantity) => countedOf(quantity, channels ?? []))
    if (counted.length > 0) return ok(new OpenIoReport(context, session, counted))
    session.close()
    if (!answer.ok) return answer.code === 'absent' ? absent(context.facts) : answer
    if (channels === null) return problem('broken', 'The energy counters of this Mac gave no sample.')
    return channels.length === 0
      ? absent(context.facts)
      : problem('broken', 'This Mac names its energy counters or their units in a way that is not known.')
  },
}

/** A quantity that this chip counts. */
type Counted = {
  readonly quantity: Quantity
  readonly domain: Domain
  /** What its sum is made of: a sample that lacks one is no sample of it. */
  readonly names: string
  readonly still: Standstill
}

class OpenIoReport implements OpenSource {
  readonly domains: readonly Domain[]
  readonly #context: SourceContext
  readonly #session: VendorSession
  readonly #counted: readonly Counted[]
  readonly #next: () => FreshAnswer | null

  constructor(context: SourceContext, session: VendorSession, counted: readonly Counted[]) {
    this.#context = context
    this.#session = session
    this.#counted = counted
    this.#next = freshAnswers(session, context.host.clock)
    this.domains = counted.map(({ domain }) => domain)
  }

  /** Hands over the last answer and asks for the next. */
  sample(): readonly Reading[] {
    const answer = this.#next()
    const { problem: fault } = this.#session
    this.#session.ask()
    if (answer !== null) return this.#readings(parseChannels(answer.value), answer.atMs)
    if (fault === null) return []
    const atMs = this.#context.host.clock.monotonicMs()
    return this.#counted.map(({ domain }) => ({ kind: 'fault', domain: domain.id, atMs, problem: fault }))
  }

  refresh(): boolean {
    return false
  }

  close(): void {
    this.#session.close()
  }

  #readings(channels: readonly Channel[] | null, atMs: number): Reading[] {
    const load = this.#context.load()
    return this.#counted.map((counted): Reading => {
      const { quantity, domain, names, still } = counted
      const own = channelsOf(quantity, channels ?? [])
      const sum = namesOf(own) === names ? sumOf(own) : null
      if (sum === null) return fault(domain, atMs, 'was not in the last sample')
      if (quantity.mustMove && isStandingStill(still, sum.raw, atMs, load)) {
        return fault(domain, atMs, 'has stood still while the machine worked')
      }
      return { kind: 'counter', domain: domain.id, atMs, raw: sum.raw, unitNj: sum.unitNj, wrapsAfter: null }
    })
  }
}

function countedOf(quantity: Quantity, channels: readonly Channel[]): Counted[] {
  const own = channelsOf(quantity, channels)
  if (sumOf(own) === null) return []
  const domain = { ...quantity.domain, source: IOREPORT }
  return [{ quantity, domain, names: namesOf(own), still: newStandstill() }]
}

function namesOf(channels: readonly Channel[]): string {
  return channels.map(({ name, unit }) => `${name} ${unit}`).join()
}

function fault({ id, name }: Domain, atMs: number, what: string): Reading {
  return { kind: 'fault', domain: id, atMs, problem: problem('broken', `The energy counter of ${name} ${what}.`) }
}

function absent({ virtualisation, cpuModel, cpuVendor }: MachineFacts): Problem<SourceFault> {
  if (virtualisation === 'vm' || /apple/i.test(`${cpuVendor} ${cpuModel}`)) {
    return problem(
      'absent',
      'This Mac shows no energy counters: virtual machines never do. Perwatt estimates the processor from its load instead.',
    )
  }
  return problem('absent', 'Only Macs with Apple’s own chips count their energy in this way, and this one does not.')
}
