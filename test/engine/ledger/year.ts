import { UserId } from '../../../contract/ids.ts'
import type { Ledger } from '../../../engine/ledger/ledger.ts'
import { openLedger } from '../../../engine/ledger/ledger.ts'
import { type FinestS, KEPT_FOR_S } from '../../../engine/ledger/resolutions.ts'
import type { LedgerApp, LedgerInterval } from '../../../engine/ledger/types.ts'
import type { LedgerModel, LedgerPerson } from '../../../engine/ledger/work-types.ts'
import { app, domain, interval, model, modelInterval, output, request } from './records.ts'

/** DESIGN §8's year: 8 domains that always draw, 20 AI apps busy 15 % of the time, each in two domains, 10 models and 3 users. */
const DOMAINS = Array.from({ length: 8 }, (_, index) => domain(`domain/${index}`))
const DUTY = 0.15
const SESSION_S = 1_200
/** Of a model at work: some 430 a day of ten models. */
const REQUEST_EVERY_S = 300

export type Crowd = { readonly apps: number; readonly models: number; readonly users: number }
export const HOUSEHOLD: Crowd = { apps: 20, models: 10, users: 3 }

/** Stretches before the end, each written at the finest resolution that is still kept of it when the year is over. */
const PHASES: readonly { finestS: FinestS; lastS: number }[] = [
  { finestS: 900, lastS: Number.POSITIVE_INFINITY },
  { finestS: 60, lastS: KEPT_FOR_S[60] },
  { finestS: 10, lastS: KEPT_FOR_S[10] },
]

/** Writes the ledger that such a machine has after `forS`; the same every time. */
export function writeYear(directory: string, startS: number, forS: number, crowd: Crowd = HOUSEHOLD): void {
  const random = randomNumbers(7)
  const apps = Array.from({ length: crowd.apps }, (_, index) => app(`app-${index}`))
  const working = workOf(apps, crowd, random)
  const sessions = apps.map(() => ({ isBusy: random() < DUTY, untilS: startS }))
  const endS = startS + forS
  let atS = startS
  for (const [index, { finestS }] of PHASES.entries()) {
    const untilS = endS - Math.min(forS, PHASES[index + 1]?.lastS ?? 0)
    const opened = openLedger({ directory, timeZone: 'Europe/Berlin', nowS: atS, synchronous: 'off', finestS })
    if (!opened.ok) throw new Error(opened.reason)
    const { ledger } = opened.value
    for (const one of DOMAINS) ledger.describeDomain(one)
    for (const one of apps) ledger.describeApp(one)
    working.describe(ledger)
    for (; atS < untilS; atS += finestS) {
      const busy = sessions.map((session) => isBusyAt(session, atS, random))
      for (const [place, of] of DOMAINS.entries()) {
        const shares = place < 4 ? sharesOf(apps, busy, place, finestS, random) : {}
        const otherMj = Math.floor(random() * 6_000) * finestS
        const varMj2 = 300 * finestS
        const drawn = interval(of, [atS, atS + finestS], { idleMj: 2_000 * finestS, otherMj, varMj2, shares })
        ledger.record(drawn)
        working.record(ledger, drawn)
      }
      working.deliver(ledger, busy, atS, finestS)
      ledger.flush(atS + finestS)
    }
    ledger.close(atS)
  }
}

/** What the models of busy apps draw and deliver: each request to somebody. */
function workOf(apps: readonly LedgerApp[], crowd: Crowd, random: () => number) {
  const models = Array.from({ length: crowd.models }, (_, index) =>
    model(`${apps[index % apps.length]?.id}/model-${index}`),
  )
  const people = Array.from(
    { length: crowd.users },
    (_, index): LedgerPerson => ({ id: UserId.parse(`os/${1_000 + index}`), kind: 'os' }),
  )
  const byApp = Map.groupBy(models, (one) => one.app)
  /** Each has a few apps, and each app a few who ask it. */
  const askersOf = apps.map((_, place) => [0, 1, 2].map((nth) => people[(place + nth * 7) % people.length]?.id ?? null))
  const askerAt = (place: number) => askersOf[place]?.[Math.floor(random() * 3)] ?? null
  let requests = 0
  return {
    describe(ledger: Ledger) {
      for (const one of models) ledger.describeModel(one)
      for (const one of people) ledger.describePerson(one)
    },
    record(ledger: Ledger, drawn: LedgerInterval) {
      for (const { app: id } of drawn.shares) {
        const own = byApp.get(id) ?? []
        if (own.length > 0) ledger.recordModels(modelInterval(drawn, own.slice(0, 2)))
      }
    },
    deliver(ledger: Ledger, busy: readonly boolean[], atS: number, forS: number) {
      for (const [index, one] of apps.entries()) {
        const own: readonly LedgerModel[] = busy[index] === true ? (byApp.get(one.id) ?? []) : []
        if (own.length === 0) continue
        for (let left = forS / REQUEST_EVERY_S; left > random(); left--) {
          const told = { app: one.id, model: own[Math.floor(random() * own.length)]?.id ?? null }
          const user = askerAt(index)
          const outputTokens = Math.floor(20 + random() * 900)
          const durationMs = Math.floor(outputTokens * (8 + random() * 30))
          const to = { ...told, user, outputTokens }
          requests += 1
          ledger.recordRequest(
            request(requests.toString(16).padStart(16, '0'), atS * 1_000, {
              ...{ ...to, durationMs, ttftMs: Math.floor(30 + random() * 900), energyMj: outputTokens * 1_300 },
            }),
          )
          ledger.recordOutput(output(atS, { ...to, requestMj: outputTokens * 1_300, requestVarMj2: 9_000 }))
        }
      }
    },
  }
}

function isBusyAt(session: { isBusy: boolean; untilS: number }, atS: number, random: () => number): boolean {
  if (atS >= session.untilS) {
    session.isBusy = !session.isBusy
    const meanS = session.isBusy ? SESSION_S : (SESSION_S * (1 - DUTY)) / DUTY
    session.untilS = atS - Math.log(1 - random()) * meanS
  }
  return session.isBusy
}

function sharesOf(
  apps: readonly LedgerApp[],
  busy: readonly boolean[],
  place: number,
  forS: number,
  random: () => number,
) {
  const shares: Record<string, { activeMj: number; idleMj: number; varMj2: number }> = {}
  for (const [index, one] of apps.entries()) {
    if (busy[index] !== true || (index + place) % 2 !== 0) continue
    const activeMj = Math.floor(random() * 40_000) * forS
    shares[one.id] = { activeMj, idleMj: place === 0 ? 0 : Math.floor(random() * 900) * forS, varMj2: 200 * forS }
  }
  return shares
}

/** Uniform in [0, 1): a linear congruential generator (Numerical Recipes), so that the year is the same everywhere. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
