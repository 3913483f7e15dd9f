import { DomainId, SourceId } from '../../contract/ids.ts'
import { ok, problem } from '../../contract/result.ts'
import type { VendorSession } from '../host/host.ts'
import { type FreshAnswer, freshAnswers } from './fresh-answers.ts'
import { parseSmc, type SmcKeys, smcNumber } from './smc-value.ts'
import type { Domain, OpenSource, Reading, Source, SourceContext } from './source.ts'
import { isStandingStill, newStandstill, type Standstill } from './standstill.ts'
import { GAIN } from './uncertainty.ts'

const SMC = SourceId.parse('smc')

/**
 * Power that the system management controller of a Mac measures: of the whole machine behind its power supply (`PSTR`), and of the processor
 * package on Macs with Intel's. Needs no rights. Keys as in exelban/stats Modules/Sensors/values.swift and vladkens/macmon.
 */
export const smc: Source = {
  id: SMC,
  title: 'Mac power sensors (SMC)',
  platforms: ['darwin'],
  async probe(context) {
    const session = context.host.vendor('smc')
    const answer = await session.answer(REQUEST)
    const keys = answer.ok ? parseSmc(answer.value.value) : null
    const sensors =
      keys === null ? [] : [boardSensor(keys), cpuSensor(keys, context)].filter((sensor) => sensor !== null)
    if (sensors.length > 0) return ok(new OpenSmc(context, session, sensors))
    session.close()
    if (!answer.ok) return answer
    if (keys === null || KEYS.some((key) => smcNumber(keys, key) !== 'absent')) {
      return problem('broken', 'The power sensors of this Mac are there, but none of them gives a number.')
    }
    return problem('absent', 'The system management controller of this Mac has no power sensors.')
  },
}

const BOARD_KEY = 'PSTR'
/** Whole package first; which of them a Mac has differs by model. */
const CPU_KEYS = ['PCPT', 'PCPR', 'PCPC', 'PCTR'] as const
const KEYS = [BOARD_KEY, ...CPU_KEYS]
const REQUEST = { keys: KEYS }
const MOST_BOARD_W = 2_000
const MOST_CPU_W = 500

type Sensor = { readonly key: string; readonly domain: Domain; readonly still: Standstill }

class OpenSmc implements OpenSource {
  readonly domains: readonly Domain[]
  readonly #context: SourceContext
  readonly #session: VendorSession
  readonly #sensors: readonly Sensor[]
  readonly #request: { readonly keys: readonly string[] }
  readonly #next: () => FreshAnswer | null

  constructor(context: SourceContext, session: VendorSession, sensors: readonly Sensor[]) {
    this.#context = context
    this.#session = session
    this.#sensors = sensors
    this.#request = { keys: sensors.map(({ key }) => key) }
    this.#next = freshAnswers(session, context.host.clock)
    this.domains = sensors.map(({ domain }) => domain)
  }

  /** Hands over the last answer and asks for the next. */
  sample(): readonly Reading[] {
    const answer = this.#next()
    const { problem: fault } = this.#session
    this.#session.ask(this.#request)
    if (answer !== null) {
      const keys = parseSmc(answer.value) ?? {}
      return this.#sensors.map((sensor) => this.#reading(sensor, smcNumber(keys, sensor.key), answer.atMs))
    }
    if (fault === null) return []
    const atMs = this.#context.host.clock.monotonicMs()
    return this.#sensors.map(({ domain }) => ({ kind: 'fault', domain: domain.id, atMs, problem: fault }))
  }

  refresh(): boolean {
    return false
  }

  close(): void {
    this.#session.close()
  }

  #reading({ domain, still }: Sensor, powerW: number | string, atMs: number): Reading {
    const isPower = isPlausible(powerW, domain.plausibleMaxW)
    if (isPower && !isStandingStill(still, powerW, atMs, this.#context.load())) {
      return { kind: 'sensor', domain: domain.id, atMs, powerW }
    }
    const what = isPower ? 'has stood still while the machine worked' : 'gave nonsense'
    const reason = `The power sensor of ${domain.name} ${what}.`
    return { kind: 'fault', domain: domain.id, atMs, problem: problem('broken', reason) }
  }
}

/** A machine that runs draws something: 0 is what a sensor shows that measures nothing. */
function isPlausible(powerW: number | string, mostW: number): powerW is number {
  return typeof powerW === 'number' && powerW > 0 && powerW <= mostW
}

function boardSensor(keys: SmcKeys): Sensor | null {
  if (!isPlausible(smcNumber(keys, BOARD_KEY), MOST_BOARD_W)) return null
  const of = { id: 'board/smc', kind: 'board', name: 'Whole machine', gainRatio: GAIN.smcSystem } as const
  return sensorOf(BOARD_KEY, { ...of, plausibleMaxW: MOST_BOARD_W, activity: 'none' })
}

/** Apple's own chips count their energy (ioreport.ts), which is better than a sensor. */
function cpuSensor(keys: SmcKeys, { measuredKinds }: SourceContext): Sensor | null {
  if (measuredKinds.has('cpu')) return null
  const key = CPU_KEYS.find((each) => isPlausible(smcNumber(keys, each), MOST_CPU_W))
  if (key === undefined) return null
  const of = { id: 'cpu/0', kind: 'cpu', name: 'Processor', gainRatio: GAIN.smcPackage } as const
  return sensorOf(key, { ...of, plausibleMaxW: MOST_CPU_W, activity: 'cpu' })
}

type Described = Pick<Domain, 'kind' | 'name' | 'gainRatio' | 'plausibleMaxW' | 'activity'> & { readonly id: string }

function sensorOf(key: string, described: Described): Sensor {
  const domain = {
    ...described,
    id: DomainId.parse(described.id),
    parent: null,
    source: SMC,
    provenance: 'sensor',
    tableFloorW: null,
  } as const
  return { key, domain, still: newStandstill() }
}
