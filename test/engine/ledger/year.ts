import { openLedger } from '../../../engine/ledger/ledger.ts'
import { type FinestS, KEPT_FOR_S } from '../../../engine/ledger/resolutions.ts'
import type { LedgerApp } from '../../../engine/ledger/types.ts'
import { app, domain, interval } from './records.ts'

/** DESIGN §8's year: 8 domains that always draw, 20 AI apps busy 15 % of the time, each in two domains. */
const DOMAINS = Array.from({ length: 8 }, (_, index) => domain(`domain/${index}`))
const APP_COUNT = 20
const DUTY = 0.15
const SESSION_S = 1_200

/** Stretches before the end, each written at the finest resolution that is still kept of it when the year is over. */
const PHASES: readonly { finestS: FinestS; lastS: number }[] = [
  { finestS: 900, lastS: Number.POSITIVE_INFINITY },
  { finestS: 60, lastS: KEPT_FOR_S[60] },
  { finestS: 10, lastS: KEPT_FOR_S[10] },
]

/** Writes the ledger that such a machine has after `forS`; the same every time. */
export function writeYear(directory: string, startS: number, forS: number, appCount = APP_COUNT): void {
  const random = randomNumbers(7)
  const apps = Array.from({ length: appCount }, (_, index) => app(`app-${index}`))
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
    for (; atS < untilS; atS += finestS) {
      const busy = sessions.map((session) => isBusyAt(session, atS, random))
      for (const [place, of] of DOMAINS.entries()) {
        const shares = place < 4 ? sharesOf(apps, busy, place, finestS, random) : {}
        const otherMj = Math.floor(random() * 6_000) * finestS
        const varMj2 = 300 * finestS
        ledger.record(interval(of, [atS, atS + finestS], { idleMj: 2_000 * finestS, otherMj, varMj2, shares }))
      }
      ledger.flush(atS + finestS)
    }
    ledger.close(atS)
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
