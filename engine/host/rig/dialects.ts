import type { HttpAnswer } from '../host.ts'
import type { RigModel, RigServer } from './schema-servers.ts'
import type { ServerState } from './server-state.ts'

/** What a server knows of itself when it is asked. */
export type Asked = {
  readonly spec: RigServer
  readonly state: ServerState
  /** Loaded now, models computed elsewhere included; each with the wall time at which it is let go of (`null`: never). */
  readonly held: readonly { readonly model: RigModel; readonly untilWallMs: number | null }[]
  /** When its process began, Unix seconds. */
  readonly startedS: number
}

type Dialect = (asked: Asked, path: string) => HttpAnswer | null

/** As real servers answer: shapes of ai-servers' own sources, the same that test/fixtures/http holds. `null`: no such path. */
export const dialects: Readonly<Record<NonNullable<RigServer['dialect']>, Dialect>> = {
  ollama,
  'llama-server': llamaServer,
  vllm,
  sglang,
  lmstudio,
}

/** ollama: server/routes.go, api/types.go. It keeps no totals. */
function ollama({ spec, held }: Asked, path: string): HttpAnswer | null {
  if (path === '/') return text('Ollama is running')
  if (path === '/api/version') return json({ version: spec.version ?? '0.24.0' })
  if (path !== '/api/ps') return null
  return json({
    models: held.map(({ model, untilWallMs }) => {
      const sized = model.remote ? 0 : model.memoryBytes
      return {
        name: model.name,
        model: model.name,
        size: sized,
        digest: 'f'.repeat(64),
        details: {
          parent_model: '',
          format: model.remote ? '' : 'gguf',
          family: model.family ?? '',
          families: model.family === undefined ? null : [model.family],
          parameter_size: model.parameters ?? '',
          quantization_level: model.quantisation ?? '',
        },
        expires_at: new Date(untilWallMs ?? FOR_EVER_WALL_MS).toISOString(),
        size_vram: model.on === 'gpu' ? sized : 0,
        context_length: model.contextTokens ?? 4_096,
        ...(model.remote ? { remote_host: 'https://ollama.com:443', remote_model: model.name } : {}),
      }
    }),
  })
}

/** What `keep_alive: -1` shows. */
const FOR_EVER_WALL_MS = Date.UTC(2318, 2, 8)

/** llama.cpp: tools/server/README.md. One model; generated tokens are counted when a request ends. */
function llamaServer({ spec, state, held, startedS }: Asked, path: string): HttpAnswer | null {
  const [own] = held
  if (own === undefined) return json({ error: { message: 'Loading model', type: 'unavailable_error', code: 503 } }, 503)
  const { model } = own
  const file = `/models/${model.name.replaceAll('/', '_')}${quantisationSuffix(model)}.gguf`
  if (path === '/health') return json({ status: 'ok' })
  if (path === '/props')
    return json({
      default_generation_settings: { params: {}, n_ctx: model.contextTokens ?? 8_192 },
      total_slots: 4,
      model_alias: model.name,
      model_path: file,
      endpoint_metrics: spec.counts,
      build_info: spec.version ?? 'b10519-947fd9bb',
      is_sleeping: false,
    })
  if (path === '/v1/models')
    return json({
      object: 'list',
      data: [{ id: model.name, object: 'model', owned_by: 'llamacpp', meta: { n_params: parametersOf(model) } }],
    })
  if (path !== '/metrics') return null
  if (!spec.counts)
    return json(
      { error: { code: 501, message: 'This server does not support metrics endpoint.', type: 'not_supported_error' } },
      501,
    )
  const totals = state.totalsOf(model)
  const figures = {
    prompt_tokens_total: totals.promptTokens - totals.cachedTokens,
    prompt_tokens_cached_total: totals.cachedTokens,
    tokens_predicted_total: totals.outputTokens,
    tokens_predicted_seconds_total: totals.outputMs / 1_000,
    requests_processing: state.activeOf(model).length,
    requests_deferred: 0,
  }
  const answer = metrics(Object.entries(figures).map(([name, value]) => `llamacpp:${name} ${value}`))
  return { ...answer, headers: { ...answer.headers, 'process-start-time-unix': String(startedS) } }
}

/** vLLM: vllm/v1/metrics/loggers.py. Its counters rise with each step. */
function vllm({ spec, state, held, startedS }: Asked, path: string): HttpAnswer | null {
  if (path === '/version') return json({ version: spec.version ?? '0.18.1' })
  if (path === '/v1/models')
    return json({
      object: 'list',
      data: held.map(({ model }) => ({
        ...{ id: model.name, object: 'model', owned_by: 'vllm', root: model.name, parent: null },
        max_model_len: model.contextTokens ?? 32_768,
      })),
    })
  if (path !== '/metrics') return null
  if (!spec.counts) return metrics([`process_start_time_seconds ${startedS}`])
  const lines = held.flatMap(({ model }) => {
    const totals = state.totalsOf(model)
    const own = `engine="0",model_name="${model.name}"`
    const finished = { stop: totals.done, length: 0, abort: totals.aborted, error: totals.failed }
    return [
      `vllm:num_requests_running{${own}} ${state.activeOf(model).length}.0`,
      `vllm:num_requests_waiting{${own}} 0.0`,
      `vllm:prompt_tokens_total{${own}} ${totals.promptTokens}.0`,
      `vllm:prompt_tokens_cached_total{${own}} ${totals.cachedTokens}.0`,
      `vllm:generation_tokens_total{${own}} ${state.writtenOf(model)}.0`,
      ...Object.entries(finished).map(
        ([reason, count]) => `vllm:request_success_total{${own},finished_reason="${reason}"} ${count}.0`,
      ),
    ]
  })
  return metrics([...lines, `process_start_time_seconds ${startedS}`])
}

/** SGLang: python/sglang/srt. Its counters rise when a request ends. */
function sglang({ spec, state, held, startedS }: Asked, path: string): HttpAnswer | null {
  const [own] = held
  if (own === undefined) return null
  const { model } = own
  if (path === '/get_model_info')
    return json({ model_path: model.name, tokenizer_path: model.name, is_generation: true })
  if (path === '/get_server_info')
    return json({
      version: spec.version ?? '0.5.9',
      served_model_name: model.name,
      quantization: model.quantisation ?? null,
      context_length: model.contextTokens ?? null,
    })
  if (path !== '/metrics' || !spec.counts) return null
  const totals = state.totalsOf(model)
  const label = `{model_name="${model.name}"}`
  return metrics([
    `sglang:prompt_tokens_total${label} ${totals.promptTokens}.0`,
    `sglang:cached_tokens_total${label} ${totals.cachedTokens}.0`,
    `sglang:generation_tokens_total${label} ${totals.outputTokens}.0`,
    `sglang:num_requests_total${label} ${totals.done + totals.aborted}.0`,
    `sglang:num_running_reqs${label} ${state.activeOf(model).length}.0`,
    `sglang:num_queue_reqs${label} 0.0`,
    `process_start_time_seconds ${startedS}`,
  ])
}

/** LM Studio since 0.4.0. It keeps no totals. */
function lmstudio({ held }: Asked, path: string): HttpAnswer | null {
  if (path !== '/api/v1/models') return null
  return json({
    models: held.map(({ model }) => ({
      type: 'llm',
      key: model.name,
      architecture: model.family ?? null,
      quantization: model.quantisation === undefined ? null : { name: model.quantisation },
      params_string: model.parameters ?? null,
      loaded_instances: [{ id: model.name, config: { context_length: model.contextTokens ?? 4_096 } }],
    })),
  })
}

function quantisationSuffix({ name, quantisation }: RigModel): string {
  return quantisation === undefined || name.includes(quantisation) ? '' : `-${quantisation}`
}

const FACTORS: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 }

function parametersOf({ parameters }: RigModel): number | null {
  if (parameters === undefined) return null
  return Math.round(Number.parseFloat(parameters) * (FACTORS[parameters.at(-1) ?? ''] ?? 1))
}

function text(body: string): HttpAnswer {
  return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body }
}

function json(value: unknown, status = 200): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

function metrics(lines: readonly string[]): HttpAnswer {
  return text(lines.map((line) => `${line}\n`).join(''))
}
