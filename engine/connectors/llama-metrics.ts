import { problem } from '../../contract/result.ts'
import type { OutputTotals, ServerReport } from './connector.ts'
import type { Exposition } from './prometheus-text.ts'
import { outputTotals } from './server-words.ts'

const COMPUTED = 'llamacpp:prompt_tokens_total'
const CACHED = 'llamacpp:prompt_tokens_cached_total'
const PREDICTED = 'llamacpp:tokens_predicted_total'
const PREDICTED_S = 'llamacpp:tokens_predicted_seconds_total'
const PROCESSING = 'llamacpp:requests_processing'
const DEFERRED = 'llamacpp:requests_deferred'

/** What of llama-server's /metrics is read. Its averages are left alone: each look resets them, for other readers too. */
export const LLAMA_METRICS = [COMPUTED, CACHED, PREDICTED, PREDICTED_S, PROCESSING, DEFERRED] as const

/** Figures are printed with six digits: above this they are rounded. */
const MOST_EXACT = 999_999

export const METRICS_OFF: NonNullable<ServerReport['limits']> = problem(
  'metricsOff',
  'It does not count what it delivers: its metrics are switched off.',
  { kind: 'command', argv: ['llama-server', '--metrics'], asRoot: false, note: 'Start llama-server with --metrics.' },
)

export const OLD_LLAMA: NonNullable<ServerReport['limits']> = problem(
  'oldVersion',
  'This build counts prompts without the part that it reused, so whole prompts are not known.',
)

/**
 * Totals of one llama-server (tools/server/server-task.cpp): tokens generated are added when a request ends. Whole prompts are known where the
 * reused part is counted too, as builds since August 2026 do. `where` picks the series of one runner where a front end merged several.
 */
export function llamaTotals(
  metrics: Exposition,
  model: string | null,
  where?: Parameters<Exposition['sum']>[1],
): OutputTotals {
  const computed = metrics.count(COMPUTED, where)
  const cached = metrics.count(CACHED, where)
  const predicted = metrics.count(PREDICTED, where)
  const predictedS = metrics.sum(PREDICTED_S, where)
  const isRounded = [computed, cached, predicted].some((tokens) => (tokens ?? 0) > MOST_EXACT)
  return outputTotals(model, {
    promptTokens: computed === null || cached === null ? null : computed + cached,
    cachedTokens: cached,
    outputTokens: predicted,
    busyMs: predictedS === null ? null : predictedS * 1_000,
    provenance: isRounded ? 'estimate' : 'exact',
  })
}

export function llamaWork(
  metrics: Exposition,
  where?: Parameters<Exposition['sum']>[1],
): Pick<ServerReport, 'inFlight' | 'waiting'> {
  return { inFlight: metrics.count(PROCESSING, where), waiting: metrics.count(DEFERRED, where) }
}

export function countsReused(metrics: Exposition): boolean {
  return metrics.sum(CACHED) !== null
}
