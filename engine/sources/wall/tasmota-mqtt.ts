import { z } from 'zod'
import { ok, problem, type Result } from '../../../contract/result.ts'
import type { Broker, BrokerMessage } from '../../host/host.ts'
import { GAIN } from '../uncertainty.ts'
import { contactProblem, parseJson } from './ask.ts'
import type { Dialect, MeterFault, MeterLine, MeterSession, MeterUnit } from './dialect.ts'
import { Sensors, sensorUnits } from './tasmota.ts'

const Status = z.object({ StatusSNS: Sensors })

/**
 * Tasmota at an MQTT broker, for plugs whose web server is switched off. Asked like the HTTP one, by `Status 8` at `cmnd/<topic>/Status`; the
 * answer comes at `stat/<topic>/STATUS8`, and what it tells of itself at `tele/<topic>/SENSOR` is as good. tasmota/docs, "MQTT" and "Commands"
 */
export const tasmotaMqtt: Dialect = {
  id: 'tasmota-mqtt',
  title: 'Tasmota over MQTT',
  pollMs: 5_000,
  plausibleMaxW: 20_000,
  gainRatio: GAIN.wallSelfCalibrated,
  open: (line) => new TasmotaMqttSession(line),
}

const ANSWERS_WITHIN_MS = 2_000

class TasmotaMqttSession implements MeterSession {
  readonly #line: MeterLine
  #broker: Broker | null = null
  #settle: ((message: BrokerMessage | null) => void) | null = null

  constructor(line: MeterLine) {
    this.#line = line
  }

  async look(): Promise<Result<readonly MeterUnit[], MeterFault>> {
    const { topic } = this.#line.options
    if (topic === undefined) return problem('absent', 'the topic of the plug is not known')
    const broker = await this.#join(topic)
    if (!broker.ok) return broker
    const message = await this.#ask(broker.value, topic)
    if (message !== null) return unitsOf(message)
    const ended = broker.value.problem
    return ended === null
      ? problem('absent', `no plug answers at the topic ${topic}, or this name may not write there`)
      : contactProblem(ended)
  }

  async #join(topic: string): Promise<Result<Broker, MeterFault>> {
    if (this.#broker !== null && this.#broker.problem === null) return ok(this.#broker)
    const { contact, options, secret } = this.#line
    const joined = await contact.join(
      {
        topics: [place(topic, 'stat', 'STATUS8'), place(topic, 'stat', 'STATUS10'), place(topic, 'tele', 'SENSOR')],
        user: options.user ?? null,
        secret,
      },
      // What the broker kept is of some earlier time: a plug that is gone would go on for ever.
      (message) => !message.isRetained && this.#settle?.(message),
      () => this.#settle?.(null),
    )
    if (!joined.ok) return contactProblem(joined)
    this.#broker = joined.value
    return joined
  }

  /** What the plug says next; `null` where it says nothing in time, or the broker breaks off. */
  #ask(broker: Broker, topic: string): Promise<BrokerMessage | null> {
    return new Promise((resolve) => {
      const cancel = this.#line.clock.after(ANSWERS_WITHIN_MS, () => this.#settle?.(null), { background: true })
      this.#settle = (message) => {
        this.#settle = null
        cancel()
        resolve(message)
      }
      broker.publish(place(topic, 'cmnd', 'Status'), '8')
    })
  }
}

/** Where the firmware puts things, unless its `FullTopic` was changed: `%prefix%/%topic%/`. */
function place(topic: string, prefix: 'cmnd' | 'stat' | 'tele', name: string): string {
  return `${topic.includes('%prefix%') ? topic.replaceAll('%prefix%', prefix) : `${prefix}/${topic}`}/${name}`
}

function unitsOf({ topic, text }: BrokerMessage): Result<readonly MeterUnit[], MeterFault> {
  if (topic.endsWith('/SENSOR')) {
    const sensors = parseJson(text, Sensors)
    return sensors.ok ? ok(sensorUnits(sensors.value, text)) : sensors
  }
  const status = parseJson(text, Status)
  return status.ok ? ok(sensorUnits(status.value.StatusSNS, text)) : status
}
