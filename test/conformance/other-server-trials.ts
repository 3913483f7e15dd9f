import { fixture, type Route } from '../support/server-double.ts'
import type { ConnectorTrial } from './connector-trials.ts'

const denied = { status: 401, body: '{"detail":"Unauthorized"}' }

/** Front ends, servers of images and speech, and any server with OpenAI's routes. */
export const otherServerTrials: Readonly<Record<string, ConnectorTrial>> = {
  'docker-model-runner': {
    versions: {
      'of 2026': () => dockerModelRunner(fixture('docker-model-runner/metrics.txt')),
      'with llama.cpp of before August 2026': () => dockerModelRunner(fixture('docker-model-runner/metrics-old.txt')),
      'with metrics off': () => dockerModelRunner({ status: 404, body: '404 page not found\n' }),
    },
    mayAsk: ['GET /', 'GET /version', 'GET /engines/ps', 'GET /metrics'],
    unload: {
      version: 'of 2026',
      model: 'ai/qwen3:8B-Q4_K_M',
      asks: 'POST /engines/unload',
      body: { all: false, backend: '', models: ['ai/qwen3:8B-Q4_K_M'] },
      answer: fixture('docker-model-runner/unload.json'),
    },
  },
  lemonade: {
    versions: { '10.4.0': () => lemonade('lemonade/stats.json'), old: () => lemonade('lemonade/stats-old.json') },
    mayAsk: ['GET /api/v1/health', 'GET /api/v1/stats'],
    unload: {
      version: '10.4.0',
      model: 'Qwen3-8B-GGUF',
      asks: 'POST /api/v1/unload',
      body: { model_name: 'Qwen3-8B-GGUF' },
      answer: fixture('lemonade/unload.json'),
    },
    denied: () => ({ 'GET /api/v1/health': fixture('lemonade/health.json'), 'GET /api/v1/stats': denied }),
  },
  jan: {
    versions: {
      '0.7': () => ({
        'GET /openapi.json': fixture('jan/openapi.json'),
        'GET /v1/models': fixture('jan/v1-models.json'),
      }),
      '0.6': () => ({
        'GET /openapi.json': fixture('jan/openapi-old.json'),
        'GET /v1/models': '{"object":"list","data":[]}',
      }),
    },
    mayAsk: ['GET /openapi.json', 'GET /v1/models'],
    unload: {
      version: '0.7',
      model: 'Jan-v3-4b-base-instruct-Q4_K_XL',
      asks: 'POST /v1/models/unload',
      body: { model: 'Jan-v3-4b-base-instruct-Q4_K_XL' },
      answer: '{"success":true}',
    },
    denied: () => ({
      'GET /openapi.json': fixture('jan/openapi.json'),
      'GET /v1/models': { status: 401, body: 'Missing authorization header' },
    }),
  },
  'mlx-lm': {
    versions: {
      'of 2026': () => mlxLm(fixture('mlx-lm/v1-models.json')),
      'with nothing downloaded': () => mlxLm('{"object": "list", "data": []}'),
    },
    mayAsk: ['GET /v1/models', 'GET /health'],
    unload: null,
  },
  triton: {
    versions: {
      '2.63.0': () => ({
        'GET /v2': fixture('triton/v2.json'),
        'GET /v2/models/stats': fixture('triton/models-stats.json'),
      }),
      'its port for metrics': () => ({ 'GET /metrics': fixture('triton/metrics.txt') }),
      'its port for metrics, with vLLM': () => ({ 'GET /metrics': fixture('triton/metrics-vllm.txt') }),
    },
    mayAsk: ['GET /v2', 'GET /v2/models/stats', 'GET /v1/models', 'GET /metrics'],
    unload: {
      version: '2.63.0',
      model: 'resnet',
      asks: 'POST /v2/repository/models/resnet/unload',
      body: {},
      answer: '',
    },
  },
  nim: {
    versions: {
      '1.13': () => nim('nim/metrics.txt'),
      '2.1': () => nim('nim/metrics-2.txt'),
    },
    mayAsk: ['GET /v1/metadata', 'GET /v1/models', 'GET /v1/metrics'],
    unload: null,
  },
  infinity: {
    versions: {
      'of 2026': () => ({ 'GET /models': fixture('infinity/models.json') }),
      'without statistics': () => ({
        'GET /models': '{"data":[{"id":"BAAI/bge-m3","owned_by":"infinity","device":"cuda"}],"object":"list"}',
      }),
    },
    mayAsk: ['GET /models'],
    unload: null,
  },
  litellm: {
    versions: {
      'of 2026': () => ({
        'GET /health/liveliness': fixture('litellm/liveliness.json'),
        'GET /metrics': fixture('litellm/metrics.txt'),
        'GET /v1/models': denied,
      }),
      'plain text': () => ({ 'GET /health/liveliness': "I'm alive!" }),
    },
    mayAsk: ['GET /health/liveliness'],
    unload: null,
  },
  comfyui: {
    versions: {
      '0.9.2': () => ({
        ...comfyui(),
        'GET /api/jobs': fixture('comfyui/api-jobs.json'),
        'GET /history/1c0a1f0e-6c1e-4d0a-9a3e-6f1d5a7b0000': comfyHistory(),
      }),
      'of 2024': () => ({ ...comfyui(), 'GET /history': comfyHistory() }),
    },
    mayAsk: [
      'GET /system_stats',
      'GET /prompt',
      'GET /api/jobs',
      'GET /history',
      'GET /history/1c0a1f0e-6c1e-4d0a-9a3e-6f1d5a7b0000',
    ],
    unload: {
      version: '0.9.2',
      model: 'sd_xl_base_1.0.safetensors',
      asks: 'POST /free',
      body: { unload_models: true, free_memory: true },
      answer: '',
    },
  },
  a1111: {
    versions: {
      AUTOMATIC1111: () => ({
        'GET /sdapi/v1/options': fixture('automatic1111/options.json'),
        'GET /sdapi/v1/progress': fixture('automatic1111/progress-busy.json'),
      }),
      'SD.Next': () => ({
        'GET /sdapi/v1/options': fixture('automatic1111/options-sdnext.json'),
        'GET /sdapi/v1/progress': fixture('automatic1111/progress-idle.json'),
      }),
      'without --api': () => ({
        'GET /internal/quicksettings-hint': fixture('automatic1111/quicksettings-hint.json'),
      }),
    },
    mayAsk: ['GET /sdapi/v1/options', 'GET /sdapi/v1/progress', 'GET /internal/quicksettings-hint'],
    unload: {
      version: 'AUTOMATIC1111',
      model: 'v1-5-pruned-emaonly',
      asks: 'POST /sdapi/v1/unload-checkpoint',
      body: {},
      answer: '{}',
    },
    denied: () => ({
      'GET /sdapi/v1/options': denied,
      'GET /internal/quicksettings-hint': fixture('automatic1111/quicksettings-hint.json'),
    }),
  },
  invokeai: {
    versions: {
      '6.9.0': () => ({
        ...invokeai(),
        'GET /api/v2/models/stats': fixture('invokeai/models-stats.json'),
        'GET /api/v1/queue/default/current': fixture('invokeai/queue-current.json'),
      }),
      'before the first model': () => ({ ...invokeai(), 'GET /api/v2/models/stats': 'null' }),
    },
    mayAsk: [
      'GET /api/v1/app/version',
      'GET /api/v1/queue/default/status',
      'GET /api/v1/queue/default/current',
      'GET /api/v2/models/stats',
    ],
    unload: {
      version: '6.9.0',
      model: 'Juggernaut XL v9',
      asks: 'POST /api/v2/models/empty_model_cache',
      body: {},
      answer: 'null',
    },
    denied: () => ({ ...invokeai(), 'GET /api/v1/queue/default/status': denied }),
  },
  'whisper-cpp': {
    versions: {
      'of 2026': () => whisper(200, fixture('whisper-cpp/health.json')),
      'of 2024': () => whisper(404, 'File Not Found (/health)'),
    },
    mayAsk: ['GET /health'],
    unload: null,
  },
  speaches: {
    versions: {
      'of 2026': () => ({
        'GET /api/ps': fixture('speaches/api-ps.json'),
        'GET /health': fixture('speaches/health.json'),
      }),
      'with nothing loaded': () => ({
        'GET /api/ps': '{"models":[]}',
        'GET /health': fixture('speaches/health.json'),
      }),
    },
    mayAsk: ['GET /api/ps', 'GET /health'],
    unload: {
      version: 'of 2026',
      model: 'Systran/faster-whisper-small',
      asks: 'DELETE /api/ps/Systran/faster-whisper-small',
      body: undefined,
      answer: '',
    },
    denied: () => ({
      'GET /api/ps': denied,
      'GET /health': fixture('speaches/health.json'),
    }),
  },
  'kokoro-fastapi': {
    versions: {
      'of 2026': () => ({
        'GET /v1/models': fixture('kokoro-fastapi/v1-models.json'),
        'GET /health': fixture('kokoro-fastapi/health.json'),
      }),
      'with one name': () => ({
        'GET /v1/models': '{"object":"list","data":[{"id":"kokoro","object":"model","owned_by":"kokoro"}]}',
        'GET /health': fixture('kokoro-fastapi/health.json'),
      }),
    },
    mayAsk: ['GET /v1/models', 'GET /health'],
    unload: null,
  },
  'openai-compatible': {
    isGeneric: true,
    versions: {
      'of one model': () => ({
        'GET /v1/models': '{"object":"list","data":[{"id":"Qwen3-8B-AWQ","object":"model","owned_by":"lmdeploy"}]}',
      }),
      'of several': () => ({ 'GET /v1/models': '{"data":[{"id":"a"},{"id":"b","owned_by":null}]}' }),
    },
    mayAsk: ['GET /v1/models'],
    unload: null,
    denied: () => ({ 'GET /v1/models': denied }),
  },
}

function dockerModelRunner(metrics: Route): Record<string, Route> {
  return {
    'GET /': fixture('docker-model-runner/root.txt'),
    'GET /version': '{"version":"v1.1.0"}',
    'GET /engines/ps': fixture('docker-model-runner/ps.json'),
    'GET /metrics': metrics,
    'GET /api/version': '{"version":"0.1.0"}',
    'GET /api/ps': fixture('docker-model-runner/api-ps.json'),
  }
}

function lemonade(stats: string): Record<string, Route> {
  return { 'GET /api/v1/health': fixture('lemonade/health.json'), 'GET /api/v1/stats': fixture(stats) }
}

function mlxLm(models: string): Record<string, Route> {
  const headers = { server: 'BaseHTTP/0.6 Python/3.12.4', 'content-type': 'application/json' }
  return {
    'GET /v1/models': { headers, body: models },
    'GET /health': { headers, body: fixture('mlx-lm/health.json') },
  }
}

function nim(metrics: string): Record<string, Route> {
  return {
    'GET /v1/metadata': fixture('nim/metadata.json'),
    'GET /v1/models': fixture('nim/v1-models.json'),
    'GET /v1/metrics': fixture(metrics),
  }
}

function comfyui(): Record<string, Route> {
  return {
    'GET /system_stats': fixture('comfyui/system_stats.json'),
    'GET /prompt': fixture('comfyui/prompt.json'),
    'GET /queue': fixture('comfyui/queue.json'),
  }
}

/** The recorded history, with the loader node that its graph leaves out. */
function comfyHistory(): string {
  return fixture('comfyui/history.json').replace(
    '"6": {',
    '"4": { "class_type": "CheckpointLoaderSimple", "inputs": { "ckpt_name": "sd_xl_base_1.0.safetensors" } }, "6": {',
  )
}

function invokeai(): Record<string, Route> {
  return {
    'GET /api/v1/app/version': fixture('invokeai/version.json'),
    'GET /api/v1/queue/default/status': fixture('invokeai/queue-status.json'),
  }
}

function whisper(status: number, body: string): Record<string, Route> {
  return { 'GET /health': { status, headers: { server: 'whisper.cpp' }, body } }
}
