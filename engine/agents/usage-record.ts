import type { AppId } from '../../contract/ids.ts'

/** Where the tokens were made: on this machine, on another of the local network, or in a data centre. */
export type Where = 'local' | 'lan' | 'cloud'

/**
 * Four numbers that do not overlap: prompt that was read anew, read from a cache and written to one, and what was generated, reasoning
 * included. `null`: the agent does not tell.
 */
export type Tokens = {
  readonly input: number | null
  readonly cacheRead: number | null
  readonly cacheWrite: number | null
  readonly output: number | null
}

/** What an agent's log says was used since it was last told of: for a request that was seen growing, only what came on top. */
export type UsageRecord = Tokens & {
  /** The reader of this log, as the catalogue names it ("log-codex"). */
  readonly agent: string
  readonly app: AppId
  readonly model: string | null
  readonly provider: string | null
  readonly where: Where
  /** The log or its configuration says where; else `cloud` is an assumption. */
  readonly isWhereTold: boolean
  /** A hash: the same within a session, and nothing else. */
  readonly session: string | null
  /** Keyed hash of the working directory. */
  readonly project: string | null
  /** End of the request, wall time. `isTimeEstimate`: known only to lie near. */
  readonly atMs: number
  readonly isTimeEstimate: boolean
  readonly durationMs: number | null
  /** `null`: only totals are told, not of how many requests. */
  readonly requests: number | null
  /** The counts are rounded, a lower bound, or the agent's own guess. */
  readonly isEstimate: boolean
}
