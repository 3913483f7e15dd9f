import { DomainId, SourceId } from '../../../contract/ids.ts'
import { type Problem, problem } from '../../../contract/result.ts'
import type { Cancel } from '../../clock/clock.ts'
import type { Contact, Host } from '../../host/host.ts'
import type { Domain, Reading } from '../source.ts'
import { Agreement } from './agreement.ts'
import type { ConfiguredMeter, Dialect, MeterFault, MeterSession, MeterUnit } from './dialect.ts'
import { dialects } from './dialects.ts'
import { judgeUnits } from './judge.ts'

export const WALL = SourceId.parse('wall')

const LONGEST_WAIT_MS = 60_000
/** A question that is due with this tick, but for its jitter, is put with it: to wake for it alone costs as much again. */
const EARLY_MS = 100
/** Devices lock their owner out after a few wrong passwords. */
const MOST_DENIALS = 2
/** A fine register that has not moved for so long says that nothing was drawn; a coarse one, without watts beside it, says nothing yet. */
const QUIET_MS = 300_000

/**
 * One configured meter, asked at its own pace and off the tick. A register makes a reading when it has moved, so that each interval lies
 * between two of its steps; a drop-out makes one fault and then silence. Asks only while somebody samples: a pause is a pause.
 */
export class MeterPoll {
  readonly domain: Domain
  readonly #configured: ConfiguredMeter
  readonly #dialect: Dialect
  readonly #host: Host
  readonly #contact: Contact
  readonly #session: MeterSession
  readonly #agreement = new Agreement()
  #cancel: Cancel | null = null
  #isAsking = false
  #isClosed = false
  #dueMs = 0
  #failures = 0
  #denials = 0
  #told: string | null = null
  #last: { readonly atMs: number; readonly energyMj: number } | null = null
  #ready: Reading | null = null

  constructor(host: Host, configured: ConfiguredMeter) {
    const { meter, secret } = configured
    const { options, address } = meter
    this.#host = host
    this.#configured = configured
    this.#dialect = dialects[meter.dialect]
    this.domain = domainOf(configured, this.#dialect)
    this.#contact = host.contact(address, { certificateSha256: options.certificateSha256 })
    const session = this.#dialect.open({
      contact: this.#contact,
      options,
      secret: secret.ok ? secret.value : null,
      clock: host.clock,
    })
    this.#session = configured.through?.(session) ?? session
    if (!secret.ok) {
      this.#dueMs = Number.POSITIVE_INFINITY
      this.#fail(secret, host.clock.monotonicMs())
    }
  }

  isOf(configured: ConfiguredMeter): boolean {
    return JSON.stringify(configured) === JSON.stringify(this.#configured)
  }

  /** What has become known since the last call; sets the next question. */
  take(): Reading | null {
    const ready = this.#ready
    this.#ready = null
    if (this.#cancel === null && !this.#isAsking && Number.isFinite(this.#dueMs)) {
      const { clock } = this.#host
      const waitMs = this.#dueMs - clock.monotonicMs()
      if (waitMs <= EARLY_MS) void this.#ask()
      else this.#cancel = clock.after(waitMs, () => void this.#ask(), { background: true })
    }
    return ready
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
    this.#contact.close()
  }

  async #ask(): Promise<void> {
    const { clock } = this.#host
    this.#cancel = null
    this.#isAsking = true
    const askedMs = clock.monotonicMs()
    const units = await this.#session.look()
    this.#isAsking = false
    if (this.#isClosed) return
    const answeredMs = clock.monotonicMs()
    // Its figures were true at some moment between question and answer.
    const atMs = (askedMs + answeredMs) / 2
    const unit = units.ok ? judgeUnits(this.#configured.meter, units.value) : units
    if (unit.ok) this.#succeed(unit.value, atMs, askedMs)
    else this.#fail(unit, atMs)
  }

  #succeed(unit: MeterUnit, atMs: number, askedMs: number): void {
    this.#failures = 0
    this.#denials = 0
    this.#dueMs = askedMs + this.#dialect.pollMs
    const contradiction =
      unit.powerW === null || unit.energy === null
        ? null
        : this.#agreement.take(atMs, unit.powerW, unit.energy.energyMj)
    if (contradiction !== null) {
      this.#tell(contradicted(contradiction), atMs)
      return
    }
    this.#told = null
    const reading = this.#readingOf(unit, atMs)
    if (reading !== null) this.#ready = reading
  }

  #readingOf({ energy, powerW }: MeterUnit, atMs: number): Reading | null {
    const domain = this.domain.id
    if (this.#configured.meter.provenance !== 'counter') {
      return powerW === null ? null : { kind: 'sensor', domain, atMs, powerW }
    }
    const last = this.#last
    if (energy === null || (last?.energyMj === energy.energyMj && !this.#isQuiet(powerW, atMs - last.atMs))) return null
    this.#last = { atMs, energyMj: energy.energyMj }
    // What the first step counted began before anybody looked: the interval begins with it.
    if (last === null) return null
    return { kind: 'counter', domain, atMs, raw: BigInt(energy.energyMj), unitNj: NJ_PER_MJ, wrapsAfter: null }
  }

  #isQuiet(powerW: number | null, stoodMs: number): boolean {
    return powerW !== null && stoodMs >= QUIET_MS
  }

  #fail(fault: Problem<MeterFault>, atMs: number): void {
    this.#failures += 1
    this.#denials += fault.code === 'denied' ? 1 : 0
    const waitMs = Math.min(LONGEST_WAIT_MS, this.#dialect.pollMs * 2 ** Math.min(this.#failures, 10))
    this.#dueMs =
      this.#denials >= MOST_DENIALS
        ? Number.POSITIVE_INFINITY
        : Math.max(this.#dueMs, this.#host.clock.monotonicMs() + waitMs)
    this.#tell(fault, atMs)
  }

  #tell(fault: Problem<MeterFault>, atMs: number): void {
    const reason = `The wall meter ${this.#configured.meter.name} gives no figure: ${fault.reason.replace(/\.$/, '')}.`
    this.#last = null
    if (this.#told === reason) return
    this.#told = reason
    this.#ready = { kind: 'fault', domain: this.domain.id, atMs, problem: { ...fault, reason } }
  }
}

const NJ_PER_MJ = 1_000_000n

function domainOf({ meter }: ConfiguredMeter, dialect: Dialect): Domain {
  const isEstimate = meter.provenance === 'estimate'
  return {
    id: DomainId.parse(`wall/${meter.id}`),
    kind: 'wall',
    parent: null,
    source: WALL,
    provenance: meter.provenance,
    name: meter.name,
    gainRatio: isEstimate ? (dialect.estimateRatio ?? dialect.gainRatio) : dialect.gainRatio,
    plausibleMaxW: dialect.plausibleMaxW,
    activity: 'none',
    tableFloorW: null,
  }
}

function contradicted(ratio: number): Problem<'broken'> {
  const times = ratio > 1 ? ratio : 1 / ratio
  const apart = Number.isFinite(times) ? `${Math.round(times)} times apart` : 'apart: one of them stands still'
  return problem('broken', `its watts and its energy register are ${apart}, so one of the two is not what it says`)
}
