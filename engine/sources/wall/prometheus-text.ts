/** One line of Prometheus' text format. `series` is name and labels as they stand there; `value` is `null` for NaN and ±Inf. */
export type PrometheusSample = { readonly series: string; readonly name: string; readonly value: number | null }

/**
 * Name, labels in braces (whose quoted values may hold braces), value, and perhaps a time stamp or an exemplar, which are left aside.
 * prometheus.io/docs/instrumenting/exposition_formats and the OpenMetrics text format
 */
const LINE = /^([a-zA-Z_:][\w:]*)(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?[ \t]+(\S+)/
const NUMBER = /^[+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][+-]?\d{1,3})?$/

/** Lines of the metrics that are wanted; everything that is no such line is left aside, and nothing of it is parsed twice. */
export function samplesOf(text: string, isWanted: (name: string) => boolean): PrometheusSample[] {
  const samples: PrometheusSample[] = []
  for (const line of text.split('\n')) {
    const name = /^[a-zA-Z_:][\w:]*/.exec(line)?.[0]
    if (name === undefined || !isWanted(name)) continue
    const [, , labels = '', figure = ''] = LINE.exec(line) ?? []
    if (figure === '') continue
    const value = NUMBER.test(figure) ? Number(figure) : Number.NaN
    samples.push({ series: `${name}${labels}`, name, value: Number.isFinite(value) ? value : null })
  }
  return samples
}
