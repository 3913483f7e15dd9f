import type { OutputTotals } from './connector.ts'
import type { Exposition } from './prometheus-text.ts'
import { outputTotals } from './server-words.ts'

/** Totals of each model that these counters name by a label. Series without it count for all alike. */
export function totalsByLabel(
  metrics: Exposition,
  label: string,
  counters: {
    readonly prompt: readonly string[]
    readonly output: readonly string[]
    readonly requests: readonly string[]
  },
): OutputTotals[] {
  const prompt = metrics.sumBy(label, counters.prompt)
  const output = metrics.sumBy(label, counters.output)
  const requests = metrics.sumBy(label, counters.requests)
  const whole = (count: number | undefined) => (count === undefined ? null : Math.round(count))
  return Array.from(new Set([...prompt.keys(), ...output.keys(), ...requests.keys()]), (model) =>
    outputTotals(model === '' ? null : model, {
      promptTokens: whole(prompt.get(model)),
      outputTokens: whole(output.get(model)),
      requests: whole(requests.get(model)),
    }),
  )
}
