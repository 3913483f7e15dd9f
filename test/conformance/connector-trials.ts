import { fixture, type Route } from '../support/server-double.ts'

/** What each connector of the registry is tried on. A connector without an entry fails. */
export type ConnectorTrial = {
  /** Recorded answers of at least two versions of its server, by path. */
  readonly versions: Readonly<Record<string, () => Record<string, Route>>>
  /** Every question that it may put, the query left out: whatever else is asked could load, wake or end something. */
  readonly mayAsk: readonly string[]
  /** How a model is let go of, as the server's documentation has it; `null` where it has no way. */
  readonly unload: {
    readonly version: string
    readonly model: string
    readonly asks: string
    readonly body: unknown
    readonly answer: string
  } | null
  /** Answers of its server when a key is wanted: found out when identified, or at the first look. */
  readonly denied?: () => Record<string, Route>
  /** It takes any server of a family, so that it is no fault of it to know another's. */
  readonly isGeneric?: true
}

const denied = { status: 401, body: '{"detail":"Invalid API key"}' }

export const textServerTrials: Readonly<Record<string, ConnectorTrial>> = {
  koboldcpp: {
    versions: {
      '1.122.1': () => ({
        'GET /api/extra/version': fixture('koboldcpp/version.json'),
        'GET /api/extra/perf': fixture('koboldcpp/perf.json'),
        'GET /api/v1/model': fixture('koboldcpp/model.json'),
        'GET /api/extra/true_max_context_length': fixture('koboldcpp/true_max_context_length.json'),
        ...ollamaLookAlike('1.0.0', '{"models":[{"name":"koboldcpp/Qwen3-8B-Q4_K_M"}]}'),
        'GET /v1/models': '{"object":"list","data":[{"id":"koboldcpp/Qwen3-8B-Q4_K_M","owned_by":"koboldcpp"}]}',
        'GET /sdapi/v1/options': '{"samples_format":"png","sd_model_checkpoint":"inactive"}',
      }),
      '1.76': () => ({
        'GET /api/extra/version': '{"result":"KoboldCpp","version":"1.76","protected":false}',
        'GET /api/extra/perf': fixture('koboldcpp/perf-old.json'),
        'GET /api/v1/model': fixture('koboldcpp/model.json'),
        'GET /api/extra/true_max_context_length': fixture('koboldcpp/true_max_context_length.json'),
      }),
    },
    mayAsk: [
      'GET /api/extra/version',
      'GET /api/extra/perf',
      'GET /api/v1/model',
      'GET /api/extra/true_max_context_length',
    ],
    unload: null,
    denied: () => ({
      'GET /api/extra/version': fixture('koboldcpp/version.json'),
      'GET /api/extra/perf': denied,
    }),
  },
  localai: {
    versions: {
      'v4.1.0': () => ({
        ...localai('localai/metrics.txt'),
        ...ollamaLookAlike('v4.1.0 (82c191a)', '{"models":[{"name":"qwen3-8b","size_vram":1,"size":1}]}'),
      }),
      'with token counts': () => localai('localai/metrics-tokens.txt'),
    },
    mayAsk: ['GET /.well-known/localai.json', 'GET /system', 'GET /metrics'],
    unload: {
      version: 'v4.1.0',
      model: 'qwen3-8b',
      asks: 'POST /backend/shutdown',
      body: { model: 'qwen3-8b' },
      answer: '{}',
    },
    denied: () => ({ 'GET /.well-known/localai.json': fixture('localai/well-known.json'), 'GET /system': denied }),
  },
  'llama-swap': {
    versions: {
      v190: () => ({
        'GET /running': fixture('llama-swap/running.json'),
        'GET /api/version': fixture('llama-swap/version.json'),
        'GET /api/metrics/activity': fixture('llama-swap/activity.json'),
        'GET /metrics': fixture('llama-swap/metrics.txt'),
      }),
      'of 2025': () => ({
        'GET /running': '{"running":[{"model":"qwen3-8b","state":"ready"}]}',
        'GET /api/metrics': fixture('llama-swap/api-metrics-old.json'),
      }),
    },
    mayAsk: ['GET /running', 'GET /api/version', 'GET /api/metrics/activity', 'GET /api/metrics'],
    unload: {
      version: 'v190',
      model: 'qwen3-8b',
      asks: 'POST /api/models/unload/qwen3-8b',
      body: {},
      answer: 'OK',
    },
  },
  tabbyapi: {
    versions: {
      'of 2026': () => ({
        'GET /.well-known/serviceinfo': fixture('tabbyapi/serviceinfo.json'),
        'GET /v1/model': fixture('tabbyapi/model.json'),
        'GET /props': fixture('tabbyapi/props.json'),
        'GET /health': fixture('tabbyapi/health.json'),
        'GET /v1/models': '{"object":"list","data":[{"id":"Qwen3-8B-exl3-4.0bpw","owned_by":"tabbyAPI"}]}',
      }),
      'with nothing loaded': () => ({
        'GET /.well-known/serviceinfo': fixture('tabbyapi/serviceinfo.json'),
        'GET /v1/model': { status: 400, body: '{"detail":"No models are currently loaded."}' },
      }),
    },
    mayAsk: ['GET /.well-known/serviceinfo', 'GET /v1/model'],
    unload: {
      version: 'of 2026',
      model: 'Qwen3-8B-exl3-4.0bpw',
      asks: 'POST /v1/model/unload',
      body: {},
      answer: 'null',
    },
    denied: () => ({
      'GET /.well-known/serviceinfo': fixture('tabbyapi/serviceinfo.json'),
      'GET /v1/model': denied,
    }),
  },
  'llama-server': {
    versions: {
      b10519: () => ({
        'GET /props': fixture('llama-server/props.json'),
        'GET /v1/models': fixture('llama-server/v1-models.json'),
        'GET /metrics': fixture('llama-server/metrics-1.txt'),
        'GET /slots': fixture('llama-server/slots.json'),
        'GET /health': '{"status":"ok"}',
      }),
      'of 2024': () => ({
        'GET /props':
          '{"default_generation_settings":{"n_ctx":4096},"total_slots":1,"model_path":"/models/mistral-7b.Q4_0.gguf","build_info":"b4000-abcdef0"}',
        'GET /v1/models':
          '{"object":"list","data":[{"id":"/models/mistral-7b.Q4_0.gguf","object":"model","owned_by":"llamacpp","meta":{"n_params":7241732096}}]}',
        'GET /metrics': fixture('llama-server/metrics-old.txt'),
      }),
      'router b10519': () => ({
        'GET /props': fixture('llama-server/props-router.json'),
        'GET /models': fixture('llama-server/models-router.json'),
        'GET /metrics?model=ggml-org%2Fgemma-3-4b-it-GGUF%3AQ4_K_M&autoload=false':
          fixture('llama-server/metrics-2.txt'),
        'GET /metrics?model=ggml-org%2Fsmall-GGUF%3AQ8_0&autoload=false': fixture('llama-server/metrics-restart.txt'),
      }),
    },
    mayAsk: ['GET /props', 'GET /v1/models', 'GET /models', 'GET /metrics'],
    unload: {
      version: 'router b10519',
      model: 'ggml-org/gemma-3-4b-it-GGUF:Q4_K_M',
      asks: 'POST /models/unload',
      body: { model: 'ggml-org/gemma-3-4b-it-GGUF:Q4_K_M' },
      answer: fixture('llama-server/models-unload.json'),
    },
    denied: () => ({ 'GET /props': { status: 401, body: fixture('llama-server/unauthorized-401.json') } }),
  },
  lmstudio: {
    versions: {
      '0.4.0': () => ({
        'GET /api/v1/models': fixture('lmstudio/api-v1-models.json'),
        'GET /api/v0/models': fixture('lmstudio/api-v0-models.json'),
        'GET /v1/models':
          '{"object":"list","data":[{"id":"google/gemma-4-26b-a4b","object":"model","owned_by":"organization_owner"}]}',
      }),
      '0.3.6': () => ({
        'GET /api/v0/models': fixture('lmstudio/api-v0-models.json'),
        'GET /api/v1/models': '{"error":"Unexpected endpoint or method. (GET /api/v1/models)"}',
      }),
    },
    mayAsk: ['GET /api/v1/models', 'GET /api/v0/models'],
    unload: {
      version: '0.4.0',
      model: 'google/gemma-4-26b-a4b',
      asks: 'POST /api/v1/models/unload',
      body: { instance_id: 'google/gemma-4-26b-a4b' },
      answer: fixture('lmstudio/unload.json'),
    },
  },
  ollama: {
    versions: {
      '0.21.2': () => ollama('ollama/ps.json'),
      'of 2024': () => ollama('ollama/ps-old.json'),
      'with nothing loaded': () => ollama('ollama/ps-empty.json'),
    },
    mayAsk: ['GET /', 'GET /api/version', 'GET /api/ps'],
    unload: {
      version: '0.21.2',
      model: 'llama3.2:latest',
      asks: 'POST /api/generate',
      body: { model: 'llama3.2:latest', keep_alive: 0 },
      answer: fixture('ollama/generate-unload.json'),
    },
  },
  tgw: {
    versions: {
      'of 2026': () => ({
        'GET /v1/internal/model/info': fixture('text-generation-webui/model-info.json'),
        'GET /v1/models':
          '{"object":"list","data":[{"id":"Qwen3-8B-Q4_K_M.gguf","object":"model","created":0,"owned_by":"user"}]}',
      }),
      'of 2023, with nothing loaded': () => ({
        'GET /v1/internal/model/info': '{"model_name":"None","lora_names":[]}',
      }),
    },
    mayAsk: ['GET /v1/internal/model/info'],
    unload: {
      version: 'of 2026',
      model: 'Qwen3-8B-Q4_K_M.gguf',
      asks: 'POST /v1/internal/model/unload',
      body: {},
      answer: fixture('text-generation-webui/unload.json'),
    },
  },
  vllm: {
    versions: {
      '0.18.1': () => ({
        'GET /version': fixture('vllm/version.json'),
        'GET /v1/models': fixture('vllm/v1-models.json'),
        'GET /metrics': fixture('vllm/metrics-1.txt'),
      }),
      '0.6.6': () => ({
        'GET /version': '{"version":"0.6.6.post1"}',
        'GET /v1/models':
          '{"object":"list","data":[{"id":"meta-llama/Llama-3.1-8B-Instruct","object":"model","owned_by":"vllm","root":"meta-llama/Llama-3.1-8B-Instruct","parent":null,"max_model_len":131072}]}',
        'GET /metrics': fixture('vllm/metrics-old.txt'),
      }),
    },
    mayAsk: ['GET /version', 'GET /v1/models', 'GET /metrics'],
    unload: null,
    denied: () => ({
      'GET /version': fixture('vllm/version.json'),
      'GET /v1/models': { status: 401, body: '{"error":"Unauthorized"}' },
      'GET /metrics': fixture('vllm/metrics-1.txt'),
    }),
  },
  sglang: {
    versions: {
      '0.5.6': () => ({
        'GET /get_model_info': fixture('sglang/get_model_info.json'),
        'GET /get_server_info': fixture('sglang/get_server_info.json'),
        'GET /metrics': fixture('sglang/metrics.txt'),
        'GET /v1/models': '{"object":"list","data":[{"id":"Qwen/Qwen3-8B","object":"model","owned_by":"sglang"}]}',
      }),
      'with the newer paths, metrics off': () => ({
        'GET /model_info': fixture('sglang/get_model_info.json'),
        'GET /server_info': fixture('sglang/get_server_info.json'),
      }),
    },
    mayAsk: ['GET /get_model_info', 'GET /model_info', 'GET /get_server_info', 'GET /server_info', 'GET /metrics'],
    unload: null,
  },
  tgi: {
    versions: {
      '3.3.6': () => ({ 'GET /info': fixture('tgi/info.json'), 'GET /metrics': fixture('tgi/metrics.txt') }),
      '1.4.0': () => ({ 'GET /info': fixture('tgi/info-old.json'), 'GET /metrics': fixture('tgi/metrics.txt') }),
    },
    mayAsk: ['GET /info', 'GET /metrics'],
    unload: null,
  },
  tei: {
    versions: {
      '1.9.0': () => ({ 'GET /info': fixture('tei/info.json'), 'GET /metrics': fixture('tei/metrics.txt') }),
      '1.2.0': () => ({
        'GET /info':
          '{"model_id":"thenlper/gte-base","model_dtype":"float16","model_type":{"embedding":{"pooling":"mean"}},"max_concurrent_requests":512,"max_input_length":512,"max_batch_tokens":16384,"tokenization_workers":8,"version":"1.2.0"}',
        'GET /metrics': '# TYPE te_batch_next_tokens histogram\nte_batch_next_tokens_sum 4096\n',
      }),
    },
    mayAsk: ['GET /info', 'GET /metrics'],
    unload: null,
  },
}

/** What servers of another kind answer in Ollama's dialect. */
function ollamaLookAlike(version: string, ps: string): Record<string, Route> {
  return {
    'GET /': fixture('ollama/root.txt'),
    'GET /api/version': JSON.stringify({ version }),
    'GET /api/ps': ps,
  }
}

function ollama(ps: string): Record<string, Route> {
  return {
    'GET /': fixture('ollama/root.txt'),
    'GET /api/version': fixture('ollama/version.json'),
    'GET /api/ps': fixture(ps),
    'GET /v1/models':
      '{"object":"list","data":[{"id":"llama3.2:latest","object":"model","created":1746405464,"owned_by":"library"}]}',
  }
}

function localai(metrics: string): Record<string, Route> {
  return {
    'GET /.well-known/localai.json': fixture('localai/well-known.json'),
    'GET /version': fixture('localai/version.json'),
    'GET /system': fixture('localai/system.json'),
    'GET /metrics': fixture(metrics),
  }
}
