import { z } from 'zod'
import { ok, type Result } from '../../../contract/result.ts'
import { GAIN } from '../uncertainty.ts'
import { contactProblem, denied, judged, parseJson } from './ask.ts'
import {
  type Dialect,
  type MeterFault,
  type MeterLine,
  type MeterSession,
  type MeterUnit,
  registerOfWh,
} from './dialect.ts'
import { answerChallenge, type Challenge, freshNonce, parseChallenge } from './digest.ts'

const Status = z.record(z.string(), z.unknown())
/** Of `switch:0`, `pm1:0`, `cover:0`, `light:0`; one without a meter has no `apower`, and 0 W must not be made up for it. */
const Metered = z.object({ apower: z.number(), aenergy: z.object({ total: z.number() }).optional() })
/** Of `em1:0` and `em:0`, whose registers lie apart in `em1data:0` and `emdata:0`. */
const Clamp = z.object({ act_power: z.number().optional(), total_act_power: z.number().optional() })
const ClampData = z.object({ total_act_energy: z.number().optional(), total_act: z.number().optional() })

/**
 * Shelly's second and later generations: `GET /rpc/Shelly.GetStatus`, digest SHA-256 as user `admin`. Read by its register: thousandths of
 * a Wh (3.6 J) on plugs, hundredths on clamps; some firmware renews it once a minute only. Shelly API reference, "Gen2+".
 */
export const shelly2: Dialect = {
  id: 'shelly-2',
  title: 'Shelly, second generation or later',
  pollMs: 2_000,
  plausibleMaxW: 50_000,
  gainRatio: GAIN.wallPlug,
  open: (line) => new ShellySession(line),
}

const PATH = '/rpc/Shelly.GetStatus'
const USER = 'admin'

class ShellySession implements MeterSession {
  readonly #line: MeterLine
  #login: { challenge: Challenge; count: number } | null = null

  constructor(line: MeterLine) {
    this.#line = line
  }

  async look(): Promise<Result<readonly MeterUnit[], MeterFault>> {
    let answer = await this.#ask()
    if (answer.ok && answer.value.status === 401) {
      const challenge = parseChallenge(answer.value.headers['www-authenticate'] ?? '')
      this.#login = challenge === null ? null : { challenge, count: 0 }
      // A used nonce runs out after a while: the one that this answer brought is tried before the password is doubted.
      if (challenge === null || this.#line.secret === null) return denied()
      answer = await this.#ask()
    }
    if (!answer.ok) return contactProblem(answer)
    const good = judged(answer.value)
    const status = good.ok ? parseJson(good.value.body, Status) : good
    return status.ok ? ok(unitsOf(status.value)) : status
  }

  async #ask() {
    const [login, { contact, secret }] = [this.#login, this.#line]
    if (login === null || secret === null) return contact.ask(PATH)
    login.count += 1
    const proof = { user: USER, secret, path: PATH, count: login.count, cnonce: freshNonce() }
    return contact.ask(PATH, { headers: { authorization: await answerChallenge(login.challenge, proof) } })
  }
}

const METERED = /^(switch|pm1|cover|light):\d{1,3}$/
const CLAMP = /^(em1?):(\d{1,3})$/
const PLUG_STEP_WH = 0.001
const CLAMP_STEP_WH = 0.01

function unitsOf(status: Readonly<Record<string, unknown>>): MeterUnit[] {
  return Object.entries(status).flatMap(([unit, component]): MeterUnit[] => {
    const metered = METERED.test(unit) ? Metered.safeParse(component) : null
    if (metered?.success) return [one(unit, metered.data.apower, metered.data.aenergy?.total, PLUG_STEP_WH)]
    const [, kind, id] = CLAMP.exec(unit) ?? []
    const clamp = kind === undefined ? null : Clamp.safeParse(component)
    const powerW = clamp?.success ? (clamp.data.act_power ?? clamp.data.total_act_power) : undefined
    if (powerW === undefined) return []
    const registers = ClampData.safeParse(status[`${kind}data:${id}`])
    const totalWh = registers.success ? (registers.data.total_act_energy ?? registers.data.total_act) : undefined
    return [one(unit, powerW, totalWh, CLAMP_STEP_WH)]
  })
}

function one(unit: string, powerW: number, totalWh: number | undefined, stepWh: number): MeterUnit {
  const energy = totalWh === undefined ? null : registerOfWh(totalWh, stepWh)
  return { unit, name: unit, powerW, energy, isEstimate: false }
}
