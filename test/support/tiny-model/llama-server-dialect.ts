import type { Serving } from './serving.ts'

/** What llama-server tells of itself (tools/server/README.md), started with `--metrics`. */
export function llamaServerPages(serving: Serving): Readonly<Record<string, () => { type: string; body: string }>> {
  const { model } = serving
  const json = (value: object) => ({ type: 'application/json; charset=utf-8', body: JSON.stringify(value) })
  return {
    '/health': () => json({ status: 'ok' }),
    '/props': () =>
      json({
        ...{ default_generation_settings: { n_ctx: model.contextTokens }, total_slots: 4 },
        ...{ model_alias: model.name, model_path: model.path, build_info: 'b10519-947fd9bb' },
        ...{ endpoint_slots: true, endpoint_props: false, endpoint_metrics: true, is_sleeping: false },
      }),
    '/v1/models': () => {
      const meta = { n_ctx_train: model.contextTokens, n_params: model.parameters }
      return json({ object: 'list', data: [{ id: model.name, object: 'model', owned_by: 'llamacpp', meta }] })
    },
    '/metrics': () => ({ type: 'text/plain; version=0.0.4', body: metricsOf(serving) }),
  }
}

function metricsOf({ promptTokens, outputTokens, outputMs, processing }: Serving): string {
  const metrics: readonly (readonly [name: string, kind: 'counter' | 'gauge', value: number])[] = [
    ['prompt_tokens_total', 'counter', promptTokens],
    ['prompt_tokens_cached_total', 'counter', 0],
    ['tokens_predicted_total', 'counter', outputTokens],
    ['tokens_predicted_seconds_total', 'counter', outputMs / 1_000],
    ['requests_processing', 'gauge', processing],
    ['requests_deferred', 'gauge', 0],
  ]
  return metrics
    .map(
      ([name, kind, value]) =>
        `# HELP llamacpp:${name} .\n# TYPE llamacpp:${name} ${kind}\nllamacpp:${name} ${value}\n`,
    )
    .join('')
}
