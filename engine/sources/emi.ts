import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import type { VendorAnswer, VendorSession } from '../host/host.ts'
import { readMeasurements, readMeters } from './emi-answer.ts'
import { type Channel, chooseChannels } from './emi-channels.ts'
import { EMI } from './emi-domains.ts'
import type { EmiMeasurement, EmiMeter } from './emi-metadata.ts'
import type { Domain, OpenSource, Reading, Source, SourceContext, SourceFault } from './source.ts'

/** Picowatt-hours are 3.6 nJ; a counter's unit is whole nanojoules. */
const NJ_PER_10_PWH = 36n
/** Some hypervisors show a constant: it has not moved in this time while at least this much CPU time was used. */
const FROZEN_MS = 5_000
const FROZEN_BUSY_MS = 2_000

/** Energy meters of Windows (EMI), among them the processor's own counters on Windows 11. pWh counters with the meter's own time; no privilege. */
export const emi: Source = {
  id: EMI,
  title: 'Energy meters (EMI)',
  platforms: ['win32'],
  async probe(context) {
    const session = context.host.vendor('emi')
    const opened = await open(context, session)
    if (!opened.ok) session.close()
    return opened
  },
}

async function open(context: SourceContext, session: VendorSession): Promise<Result<OpenSource, SourceFault>> {
  const described = await session.answer({ kind: 'describe' })
  if (!described.ok) return told(described)
  const meters = readMeters(described.value.value)
  if (!meters.ok) return meters
  const measured = await session.answer(requestFor(meters.value))
  if (!measured.ok) return told(measured)
  const measurements = readMeasurements(measured.value.value, meters.value)
  const channels = chooseChannels(meters.value, measurements, context)
  if (channels.length > 0) return ok(new OpenEmi(context, session, meters.value, channels))
  return problem(
    measurements.every((each) => each === null) ? 'broken' : 'absent',
    'The energy meters of this machine measure neither its processor nor its memory nor its graphics.',
  )
}

function told(fault: Problem<SourceFault>): Problem<SourceFault> {
  return problem(
    fault.code,
    `The energy meters of Windows could not be asked: ${lowerFirst(fault.reason)}`,
    fault.remedy,
  )
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

function requestFor(meters: readonly EmiMeter[]) {
  return { kind: 'measure', meters: meters.map(({ path, channels }) => ({ path, channels: channels.length })) }
}

class OpenEmi implements OpenSource {
  readonly domains: readonly Domain[]
  readonly #context: SourceContext
  readonly #session: VendorSession
  /** Only those with a channel that is read: AMD has one for each core beside it. */
  readonly #meters: readonly EmiMeter[]
  readonly #channels: readonly Channel[]
  readonly #request: unknown
  #answer: VendorAnswer | null

  constructor(
    context: SourceContext,
    session: VendorSession,
    meters: readonly EmiMeter[],
    channels: readonly Channel[],
  ) {
    const used = [...new Set(channels.map(({ meter }) => meter))]
    this.#context = context
    this.#session = session
    this.#meters = used.flatMap((meter) => meters[meter] ?? [])
    this.#channels = channels.map((channel) => ({ ...channel, meter: used.indexOf(channel.meter) }))
    this.#request = requestFor(this.#meters)
    this.#answer = session.latest
    this.domains = channels.map(({ domain }) => domain)
  }

  sample(): readonly Reading[] {
    const answer = this.#session.latest
    const fault = this.#session.problem
    this.#session.ask(this.#request)
    if (fault !== null) return this.#faults(told(fault))
    if (answer === null || answer === this.#answer) return []
    this.#answer = answer
    const measurements = readMeasurements(answer.value, this.#meters)
    return this.#channels.flatMap((channel) => {
      const measurement = measurements[channel.meter]?.[channel.index]
      if (measurement === undefined) return [faultOf(channel, answer.answeredMs, 'gave no number this time')]
      return this.#readingOf(channel, measurement, answer) ?? []
    })
  }

  refresh(): boolean {
    return false
  }

  close(): void {
    this.#session.close()
  }

  /** `null` where the meter has measured nothing new since. */
  #readingOf(channel: Channel, measurement: EmiMeasurement, { answeredMs }: VendorAnswer): Reading | null {
    const { last } = channel
    const busyMs = this.#context.load()?.busyMs ?? null
    if (last?.measurement.energyPwh !== measurement.energyPwh) {
      channel.movedMs = answeredMs
      channel.movedBusyMs = busyMs ?? 0
    } else if (channel.domain.kind === 'cpu' && busyMs !== null) {
      const isFrozen = answeredMs - channel.movedMs >= FROZEN_MS && busyMs - channel.movedBusyMs >= FROZEN_BUSY_MS
      if (isFrozen) return faultOf(channel, answeredMs, 'has stood still while the CPU worked')
    }
    if (last !== null && last.measurement.time100ns === measurement.time100ns) return null
    const atMs = channel.clock.stamp(measurement.time100ns, answeredMs)
    if (last !== null && atMs <= last.atMs) return null
    channel.last = { measurement, atMs }
    const raw = (measurement.energyPwh * NJ_PER_10_PWH) / 10n
    return { kind: 'counter', domain: channel.domain.id, atMs, raw, unitNj: 1n, wrapsAfter: null }
  }

  #faults(fault: Problem<SourceFault>): Reading[] {
    const atMs = this.#context.host.clock.monotonicMs()
    return this.domains.map(({ id }) => ({ kind: 'fault', domain: id, atMs, problem: fault }))
  }
}

function faultOf({ domain }: Channel, atMs: number, what: string): Reading {
  return {
    kind: 'fault',
    domain: domain.id,
    atMs,
    problem: problem('broken', `The energy meter of ${domain.name} ${what}.`),
  }
}
