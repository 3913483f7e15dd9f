import { ok, problem, type Result } from '../../../contract/result.ts'
import { GAIN } from '../uncertainty.ts'
import { askPage, contactProblem, denied, judged } from './ask.ts'
import {
  type Dialect,
  type MeterFault,
  type MeterLine,
  type MeterSession,
  type MeterUnit,
  registerOfWh,
} from './dialect.ts'
import { answerLogin, parseSession } from './fritz-login.ts'

/**
 * Plugs behind a FRITZ!Box: AHA-HTTP `getdevicelistinfos` with a session of `login_sid.lua`. Read by its watts, renewed every 10 s: the
 * register has steps of 1 Wh and is two minutes late. AVM, "AHA-HTTP-Interface"
 */
export const fritz: Dialect = {
  id: 'fritz',
  title: 'FRITZ!DECT at a FRITZ!Box',
  pollMs: 10_000,
  plausibleMaxW: 4_000,
  gainRatio: GAIN.wallPlug,
  open: (line) => new FritzSession(line),
}

const LOGIN = '/login_sid.lua?version=2'
const NO_SESSION = '0000000000000000'

class FritzSession implements MeterSession {
  readonly #line: MeterLine
  #sid: string | null = null

  constructor(line: MeterLine) {
    this.#line = line
  }

  async look(): Promise<Result<readonly MeterUnit[], MeterFault>> {
    const isFresh = this.#sid === null
    const first = await this.#list()
    // A session ends after a while without questions, and is then refused like one that never was.
    if (first.ok || first.code !== 'denied' || isFresh) return first
    this.#sid = null
    return this.#list()
  }

  async #list(): Promise<Result<readonly MeterUnit[], MeterFault>> {
    if (this.#sid === null) {
      const sid = await this.#login()
      if (!sid.ok) return sid
      this.#sid = sid.value
    }
    const path = `/webservices/homeautoswitch.lua?switchcmd=getdevicelistinfos&sid=${this.#sid}`
    const answer = await this.#line.contact.ask(path, { timeoutMs: 5_000 })
    if (!answer.ok) return contactProblem(answer)
    const page = judged(answer.value)
    if (!page.ok) return page
    return page.value.body.includes('<devicelist') ? ok(unitsOf(page.value.body)) : noList()
  }

  async #login(): Promise<Result<string, MeterFault>> {
    const { options, secret } = this.#line
    const page = await askPage(this.#line, LOGIN)
    if (!page.ok) return page
    const session = parseSession(page.value.body)
    if (session === null) return problem('broken', 'it does not greet like a FRITZ!Box')
    if (secret === null) return denied()
    if (session.blockS > 0) {
      return problem('denied', `it is locked for ${session.blockS} s more after a wrong password`)
    }
    const response = await answerLogin(session.challenge, secret)
    if (response === null) {
      return problem(
        'denied',
        'its FRITZ!OS is older than 7.24 and asks for a password in a way that is no longer safe',
      )
    }
    const user = encodeURIComponent(options.user ?? '')
    const opened = await askPage(this.#line, `${LOGIN}&username=${user}&response=${encodeURIComponent(response)}`)
    if (!opened.ok) return opened
    const sid = parseSession(opened.value.body)?.sid ?? NO_SESSION
    return sid === NO_SESSION ? denied() : ok(sid)
  }
}

function noList() {
  return problem('broken', 'it answered without a list of devices; its user may lack the right "Smart Home"')
}

const DEVICE = /<device\s[^>]*identifier="([^"]{1,40})"[^>]*>(.*?)<\/device>/gs
const STEP_WH = 1

/** Power in mW, energy in Wh; a plug out of reach has `present` 0 and empty figures. */
function unitsOf(xml: string): MeterUnit[] {
  return [...xml.matchAll(DEVICE)].flatMap(([, identifier = '', device = '']): MeterUnit[] => {
    const meter = /<powermeter>(.*?)<\/powermeter>/s.exec(device)?.[1]
    if (meter === undefined) return []
    const isPresent = /<present>1<\/present>/.test(device)
    const powerMw = isPresent ? wholeIn(meter, 'power') : null
    const energyWh = isPresent ? wholeIn(meter, 'energy') : null
    return [
      {
        unit: identifier.replaceAll(' ', ''),
        name: textIn(device, 'name') ?? identifier,
        powerW: powerMw === null ? null : powerMw / 1_000,
        energy: energyWh === null ? null : registerOfWh(energyWh, STEP_WH),
        isEstimate: false,
      },
    ]
  })
}

function wholeIn(xml: string, tag: string): number | null {
  const digits = new RegExp(`<${tag}>\\s*(-?\\d{1,15})\\s*</${tag}>`).exec(xml)?.[1]
  return digits === undefined ? null : Number(digits)
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function textIn(xml: string, tag: string): string | null {
  const text = new RegExp(`<${tag}>([^<]{1,200})</${tag}>`).exec(xml)?.[1]
  return text?.replace(/&(amp|lt|gt|quot|apos);/g, (whole, word: string) => ENTITIES[word] ?? whole) ?? null
}
