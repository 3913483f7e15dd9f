import { z } from 'zod'
import { ok, type Result } from '../../contract/result.ts'
import type { Ask, OutputTotals, ServerFault } from './connector.ts'
import { parsedJson, statusFault } from './json-answer.ts'
import { outputTotals } from './server-words.ts'

/** A figure that may be -1, "not known". */
const Figure = z.number().min(-1).max(Number.MAX_SAFE_INTEGER)
const Id = z.int().nonnegative()

const Row = z.object({
  id: Id,
  model: z.string().min(1),
  req_path: z.string().nullish(),
  resp_status_code: z.number().nullish(),
  error_msg: z.string().nullish(),
  duration_ms: Figure.nullish(),
  tokens: z.object({
    input_tokens: Figure,
    output_tokens: Figure,
    cache_tokens: Figure.nullish(),
    prompt_per_second: z.number().nullish(),
  }),
})
type Row = z.output<typeof Row>

const Page = z.object({ data: z.array(Row).nullable(), total_pages: Id })

/** Before rows were kept in a file: one plain list, the figures beside the name. */
const OldRows = z.array(
  Row.omit({ tokens: true })
    .extend({ input_tokens: Figure, output_tokens: Figure, cache_tokens: Figure.nullish() })
    .transform(
      ({ input_tokens, output_tokens, cache_tokens, ...row }): Row => ({
        ...row,
        tokens: { input_tokens, output_tokens, cache_tokens },
      }),
    ),
)

const PAGE_ROWS = 50
/** More requests than these between two looks are not caught up with: what is missed is no output of ours, but no wrong figure either. */
const MOST_PAGES = 40

export interface Activity {
  /** Totals by model since this began, of every request that ended since; `null` where this llama-swap keeps no list. */
  take(): Promise<Result<readonly OutputTotals[] | null, ServerFault>>
}

/**
 * llama-swap lists each request that ended; ids rise. The sums over its list fall when it forgets old rows, so the rows are summed here. What
 * was there at the first look is not counted.
 */
export function openActivity(ask: Ask): Activity {
  const sums = new Map<string, OutputTotals>()
  let newestId: number | null = null
  let isOld = false

  function add(rows: readonly Row[]): void {
    const ids = rows.map(({ id }) => id)
    const highest = Math.max(-1, ...ids)
    if (newestId === null) {
      newestId = highest
      return
    }
    // Lists that are kept in memory begin anew with their server: all that it names then is new.
    const seen = highest < newestId && rows.length > 0 ? -1 : newestId
    const fresh = new Map(rows.filter(({ id }) => id > seen).map((row) => [row.id, row]))
    for (const [model, one] of sums) sums.set(model, { ...one, provenance: 'exact' })
    for (const row of fresh.values()) sums.set(row.model, plus(sums.get(row.model) ?? outputTotals(row.model), row))
    if (rows.length > 0) newestId = highest
  }

  async function rowsSince(): Promise<Result<readonly Row[] | null, ServerFault>> {
    const rows: Row[] = []
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const asked = await askRows(ask, `/api/metrics/activity?limit=${PAGE_ROWS}&page=${page}`, Page)
      if (!asked.ok) return asked
      if (asked.value === null) return ok(null)
      const { data, total_pages } = asked.value
      rows.push(...(data ?? []))
      const known = newestId
      if (known === null || page >= total_pages || (data ?? []).some(({ id }) => id <= known)) break
    }
    return ok(rows)
  }

  return {
    async take() {
      const rows = isOld ? ok(null) : await rowsSince()
      if (!rows.ok) return rows
      const told = rows.value === null ? await askRows(ask, '/api/metrics', OldRows) : rows
      if (!told.ok) return told
      isOld = rows.value === null && told.value !== null
      if (told.value === null) return ok(newestId === null ? null : [...sums.values()])
      add(told.value)
      return ok([...sums.values()])
    },
  }
}

/** `null` where this version has no such path. */
async function askRows<T>(ask: Ask, path: string, shape: z.ZodType<T>): Promise<Result<T | null, ServerFault>> {
  const answer = await ask(path)
  if (!answer.ok) return answer
  if (answer.value.status === 404) return ok(null)
  return statusFault(answer.value, path) ?? parsedJson(answer.value, shape)
}

function plus(sum: OutputTotals, row: Row): OutputTotals {
  const { output_tokens } = row.tokens
  const isFailed = (row.resp_status_code ?? 200) >= 400 || (row.error_msg ?? '') !== ''
  return {
    ...sum,
    promptTokens: add(sum.promptTokens, wholePrompt(row)),
    cachedTokens: add(sum.cachedTokens, row.tokens.cache_tokens ?? -1),
    outputTokens: add(sum.outputTokens, output_tokens),
    requests: (sum.requests ?? 0) + 1,
    failedRequests: (sum.failedRequests ?? 0) + (isFailed ? 1 : 0),
    busyMs: add(sum.busyMs, row.duration_ms ?? -1),
    provenance: output_tokens < 0 && !isFailed ? 'estimate' : sum.provenance,
  }
}

/**
 * `input_tokens` is the computed part where the figures are llama.cpp's timings (a prompt speed comes with them) or Anthropic's usage, and the
 * whole prompt otherwise [internal/server/metrics.go].
 */
function wholePrompt({ tokens, req_path }: Row): number {
  const isComputedPart = (tokens.prompt_per_second ?? -1) > 0 || (req_path ?? '').endsWith('/messages')
  return tokens.input_tokens < 0 || !isComputedPart
    ? tokens.input_tokens
    : tokens.input_tokens + Math.max(0, tokens.cache_tokens ?? 0)
}

function add(sum: number | null, figure: number): number | null {
  return figure < 0 ? sum : (sum ?? 0) + Math.round(figure)
}
