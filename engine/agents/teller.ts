import { AppId } from '../../contract/ids.ts'
import type { Sighting, Tell } from './agent-log.ts'
import { type Amounts, type Counted, NOTHING, riseOf, sumOfAmounts } from './counted.ts'
import { MOST_TOKENS } from './fields.ts'
import { keyOf } from './hash.ts'
import type { UsageRecord } from './usage-record.ts'
import { whereOf } from './where.ts'

export type TellerParts = {
  readonly agent: string
  readonly counted: Counted
  readonly app: () => string
  readonly baseUrl: (provider: string | null) => string | null
  readonly isCloudModel: (model: string) => boolean
  readonly projectKey: (folder: string) => string
  /** What ended before is not told of: there is no energy beside it. Wall time. */
  readonly sinceMs: number
  readonly nowMs: () => number
  readonly onUsage: (record: UsageRecord) => void
  readonly onBad: () => void
}

/** Nonsense that a clock that was wrong for a day would not explain. */
const MOST_AHEAD_MS = 86_400_000

/**
 * Turns what readers see, as often as they see it, into records that are told once: under one key the largest figures count, and a larger
 * sighting tells what it has on top of the ones before.
 */
export function createTeller(parts: TellerParts): Tell {
  const { counted } = parts
  const tell = (sighting: Sighting): Amounts | null => {
    const amounts = amountsOf(sighting)
    const atMs = sighting.atMs
    if (amounts === null || atMs === null || atMs > parts.nowMs() + MOST_AHEAD_MS) {
      parts.onBad()
      return null
    }
    const key = keyOf(sighting.key)
    const known = counted.known(key)
    const rise = riseOf(amounts, known ?? NOTHING)
    if (rise === null) return null
    counted.put(key, sumOfAmounts(known ?? NOTHING, rise))
    const toldMs = known === null ? atMs : (sighting.laterAtMs ?? atMs)
    if (toldMs >= parts.sinceMs) parts.onUsage(recordOf(sighting, rise, Math.min(toldMs, parts.nowMs()), parts))
    return rise
  }
  return Object.assign(tell, {
    known: (key: readonly string[]) => counted.known(keyOf(key)),
    note(key: readonly string[], amounts: Amounts) {
      counted.put(keyOf(key), amounts)
    },
    owner: (key: readonly string[]) => counted.owner(keyOf(key)) || null,
    ownerOf: (name: string) => keyOf([name]),
    claim(key: readonly string[], name: string) {
      counted.claim(keyOf(key), keyOf([name]))
    },
    project: (cwd: unknown) => (typeof cwd === 'string' && cwd !== '' ? parts.projectKey(cwd) : null),
    bad: parts.onBad,
  })
}

/** `null` for figures that no request has. */
function amountsOf({ input, cacheRead, cacheWrite, output, requests }: Sighting): Amounts | null {
  const counts = [input, cacheRead, cacheWrite, output, requests].map((count) => count ?? 0)
  if (counts.some((count) => !(Number.isSafeInteger(count) && count >= 0 && count <= MOST_TOKENS))) return null
  const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0] = counts
  return { input: first, cacheRead: second, cacheWrite: third, output: fourth, requests: fifth }
}

function recordOf(sighting: Sighting, rise: Amounts, atMs: number, parts: TellerParts): UsageRecord {
  const { model, provider, session } = sighting
  const told = (count: number | null, risen: number) => (count === null ? null : risen)
  const { where, isTold } = whereOf(provider, model, parts.baseUrl(provider))
  const isCloud = model !== null && !isTold && parts.isCloudModel(model)
  return {
    agent: parts.agent,
    app: AppId.parse(parts.app()),
    model,
    provider,
    where,
    isWhereTold: isTold || isCloud,
    session: session === null ? null : keyOf([parts.agent, session]).toString(36),
    project: sighting.project,
    atMs,
    isTimeEstimate: sighting.isTimeEstimate ?? false,
    durationMs: sighting.durationMs ?? null,
    requests: told(sighting.requests, rise.requests),
    input: told(sighting.input, rise.input),
    cacheRead: told(sighting.cacheRead, rise.cacheRead),
    cacheWrite: told(sighting.cacheWrite, rise.cacheWrite),
    output: told(sighting.output, rise.output),
    isEstimate: sighting.isEstimate ?? false,
  }
}
