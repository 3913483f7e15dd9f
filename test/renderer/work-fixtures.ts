import type { MethodName, OutputOf } from '../../contract/define.ts'
import { type Contract, contract } from '../../contract/index.ts'

type Output<K extends MethodName<Contract>> = OutputOf<Contract[K]>

/** 25 November 2026, 14:30:00 UTC, as the other fixtures. */
const AT_S = 1_795_617_000
const WH = 3_600_000
/** Whole days, so that a day's figures are those of the drafts. */
const hours = { fromS: AT_S - 86_400, toS: AT_S }

const nothing = {
  promptTokens: null,
  cachedTokens: null,
  outputTokens: null,
  estimatedTokens: 0,
  requests: null,
  failedRequests: 0,
  images: null,
  audioMs: null,
}
const none = (reason: string) => ({ value: null, uncertainty: null, isEstimate: false, reason })
const ratio = (value: number, uncertainty: number, isEstimate = false) => ({
  value,
  uncertainty,
  isEstimate,
  reason: null,
})

type AppDraft = {
  readonly id: string
  readonly name: string
  readonly category: string
  readonly wh: number
  readonly idle: number
  readonly uncertainty?: number
  readonly local?: boolean
  readonly delivered?: object
  readonly reason?: string
}

function appRow(draft: AppDraft, steps: number): object {
  const { id, name, category, wh, idle, uncertainty = 0.07, local = true, delivered = {} } = draft
  const energyMj = Math.round(wh * WH)
  const sums = { ...nothing, ...delivered }
  const tokens = sums.outputTokens as number | null
  const reason = draft.reason ?? (local ? 'not reported' : 'computed elsewhere')
  const has = tokens !== null && draft.reason === undefined && local
  return {
    ...{ id, name, category, local, countsAsAi: true },
    ...{ energyMj, activeMj: Math.round(energyMj * (1 - idle)), idleMj: Math.round(energyMj * idle) },
    ...{ uncertainty, provenance: energyMj === 0 ? null : 'counter', estimatedRatio: 0, delivered: sums },
    tokensPerJ: has ? ratio(tokens / (energyMj / 1_000), uncertainty) : none(reason),
    jPerToken: has ? ratio(energyMj / 1_000 / tokens, uncertainty) : none(reason),
    idleRatio: energyMj === 0 ? null : idle,
    trendMj: Array.from({ length: steps }, (_, step) =>
      step > 1 && step < 6 ? null : Math.round((energyMj / steps) * Math.max(0, 1 + Math.sin(step * 1.3 + wh))),
    ),
  }
}

const apps: readonly AppDraft[] = [
  {
    ...{ id: 'ollama', name: 'Ollama', category: 'model-server', wh: 412, idle: 0.21 },
    delivered: { outputTokens: 1_243_000, promptTokens: 4_100_000, requests: 2_204 },
  },
  {
    ...{ id: 'comfyui', name: 'ComfyUI', category: 'image-gen', wh: 231, idle: 0.62 },
    delivered: { images: 312, requests: 312 },
  },
  {
    ...{ id: 'claude-code', name: 'Claude Code', category: 'coding-agent', wh: 31.4, idle: 0.05, local: false },
    delivered: { outputTokens: 184_000, requests: 420 },
  },
  { id: 'lm-studio', name: 'LM Studio', category: 'model-server', wh: 22.9, idle: 0.87 },
  { id: 'whisper-cpp', name: 'whisper.cpp', category: 'speech', wh: 4.1, idle: 0.4, delivered: { audioMs: 5_400_000 } },
  { id: 'chroma', name: 'Chroma', category: 'embedding', wh: 0.02, idle: 0, uncertainty: 0.6 },
]

export function appsAnswer(steps = 24): Output<'apps'> {
  return contract.apps.output.parse({ rows: apps.map((app) => appRow(app, steps)), coverageRatio: 0.983, ...hours })
}

type ModelDraft = {
  readonly id: string
  readonly name?: string
  readonly family?: string | null
  readonly parameters?: number | null
  readonly quantisation?: string | null
  readonly engine?: string
  readonly device?: 'cpu' | 'gpu' | 'mixed' | null
  readonly wh: number
  readonly idle?: number
  readonly tokens?: number | null
  readonly requests?: number | null
  readonly pace?: number | null
  readonly uncertainty?: number
  readonly isRemote?: boolean
  readonly isLoaded?: boolean
  readonly images?: number
  readonly estimated?: boolean
}

export function modelRow(draft: ModelDraft): object {
  const { id, wh, idle = 0.2, tokens = null, requests = null, uncertainty = 0.08, isRemote = false } = draft
  const energyMj = Math.round(wh * WH)
  const isSeen = energyMj > 0
  const estimated = draft.estimated ?? false
  const reason = isRemote ? 'computed elsewhere' : !isSeen ? 'energy unknown here' : 'not reported'
  const has = tokens !== null && !isRemote && isSeen
  const images = draft.images ?? null
  return {
    id,
    app: id.split('/')[0],
    name: draft.name ?? id.split('/').slice(1).join('/'),
    family: draft.family ?? null,
    parameters: draft.parameters ?? null,
    quantisation: draft.quantisation ?? null,
    engine: draft.engine ?? null,
    device: draft.device ?? null,
    isRemote,
    remoteEstimate: isRemote
      ? { energyMj: 1_240_000_000, lowMj: 410_000_000, highMj: 2_890_000_000, asOf: '2026-11' }
      : null,
    energyMj,
    activeMj: Math.round(energyMj * (1 - idle)),
    idleMj: Math.round(energyMj * idle),
    loadMj: Math.round(energyMj * 0.01),
    uncertainty: isSeen ? uncertainty : null,
    provenance: isSeen ? (estimated ? 'estimate' : 'counter') : null,
    estimatedRatio: estimated ? 1 : 0,
    delivered: { ...nothing, outputTokens: tokens, requests, images },
    tokensPerJ: has ? ratio(tokens / (energyMj / 1_000), uncertainty, estimated) : none(reason),
    jPerToken: has ? ratio(energyMj / 1_000 / tokens, uncertainty, estimated) : none(reason),
    tokensPerS: draft.pace ?? null,
    whPerRequest: requests === null || !isSeen ? none(reason) : ratio(wh / requests, uncertainty, estimated),
    jPerImage: images === null ? none('not reported') : ratio(energyMj / 1_000 / images, uncertainty),
    jPerAudioMinute: none('not reported'),
    ttftMs: draft.pace == null ? null : 310,
    isLoaded: draft.isLoaded ?? false,
  }
}

const qwen = { family: 'qwen3', parameters: 8.2e9, engine: 'Ollama', device: 'gpu' } as const

const models: readonly ModelDraft[] = [
  {
    ...{
      id: 'ollama/qwen3:8b',
      ...qwen,
      quantisation: 'Q4_K_M',
      wh: 214,
      tokens: 902_000,
      requests: 1_604,
      pace: 31.2,
    },
    isLoaded: true,
  },
  {
    ...{
      id: 'ollama/qwen3:8b-q8_0',
      ...qwen,
      quantisation: 'Q8_0',
      wh: 118,
      tokens: 301_000,
      requests: 540,
      pace: 18.4,
    },
  },
  {
    ...{ id: 'llama-cpp/qwen3-8b', family: 'qwen3', parameters: 8e9, engine: 'llama.cpp', device: 'cpu' },
    ...{ quantisation: 'Q4_K_M', wh: 12, tokens: 9_100, requests: 11, pace: 6.1, uncertainty: 0.31, estimated: true },
  },
  {
    ...{ id: 'ollama/gemma3:4b', family: 'gemma3', parameters: 4.3e9, engine: 'Ollama', device: 'gpu' },
    ...{ quantisation: 'Q4_K_M', wh: 9.2, tokens: 61_000, requests: 60, pace: 58 },
  },
  {
    ...{ id: 'vllm/google/gemma-3-4b-it', family: 'gemma3', parameters: 4.3e9, engine: 'vLLM', device: 'gpu' },
    ...{ quantisation: null, wh: 21, tokens: 131_000, requests: 460, pace: 71, uncertainty: 0.12 },
  },
  {
    id: 'lm-studio/mistral-small-3.2-24b',
    parameters: 24e9,
    quantisation: 'Q4_K_S',
    engine: 'LM Studio',
    device: 'mixed',
    wh: 22,
  },
  {
    id: 'comfyui/flux1-dev',
    name: 'flux1-dev-fp8',
    engine: 'ComfyUI',
    device: 'gpu',
    wh: 231,
    idle: 0.62,
    images: 312,
    requests: 312,
  },
  { id: 'claude-code/claude-sonnet', name: 'claude-sonnet', wh: 31, isRemote: true, tokens: 184_000, requests: 420 },
  {
    id: 'remote/nas.local:11434/llama3.2:3b',
    name: 'llama3.2:3b',
    family: 'llama',
    parameters: 3.2e9,
    wh: 0,
    tokens: 4_200,
    requests: 8,
    pace: 22,
  },
]

export function modelsAnswer(): Output<'models'> {
  return contract.models.output.parse({ rows: models.map(modelRow), coverageRatio: 0.983, ...hours })
}

/** Sixty, with names as people who quantise their own give them. */
export function manyModels(): Output<'models'> {
  const rows = Array.from({ length: 60 }, (_, index) =>
    modelRow({
      id: `ollama/hf.co/some-long-organisation/Meta-Llama-3.1-8B-Instruct-abliterated-imatrix-GGUF-${index}:Q5_K_M`,
      ...{ family: `family-${index}`, parameters: 8e9, quantisation: 'Q5_K_M', engine: 'Ollama', device: 'gpu' },
      ...{ wh: 40 / (index + 1), tokens: 20_000 + index * 731, requests: 31 + index, pace: 20 + index },
    }),
  )
  return contract.models.output.parse({ rows, coverageRatio: 1, ...hours })
}

export function oneModel(): Output<'models'> {
  return contract.models.output.parse({ rows: models.slice(0, 1).map(modelRow), coverageRatio: 0.4, ...hours })
}

export function requestsAnswer(many = 240): Output<'requests'> {
  const rows = Array.from({ length: many }, (_, index) => {
    const completion = Math.max(1, Math.round(18 * 1.7 ** ((index * 37) % 9) + ((index * 13) % 17)))
    const isEstimate = index % 11 === 3
    const isFailed = index % 29 === 7
    const isUntold = index % 31 === 5
    const beganMs = (AT_S - 40 - index * 61) * 1_000
    return {
      id: (index + 1).toString(16).padStart(16, '0'),
      ...{ beganMs, endedMs: beganMs + 4_000, app: 'ollama', model: 'ollama/qwen3:8b', modelName: 'qwen3:8b' },
      ...{ user: `os/${1000 + (index % 3)}`, userName: `User ${1 + (index % 3)}`, project: null },
      client: ['open-webui', 'python3.12', null][index % 3] ?? null,
      endpoint: ['/api/chat', '/v1/chat/completions', '/api/generate'][index % 3] ?? '',
      ...{ promptTokens: isUntold ? null : 210 + index * 3, cachedTokens: null },
      completionTokens: isUntold ? null : isFailed ? 0 : completion,
      tokensProvenance: isUntold ? 'notReported' : isEstimate ? 'estimate' : 'exact',
      ...{ images: null, audioMs: null, ttftMs: isFailed ? null : 180 + ((index * 41) % 400) },
      ...{ durationMs: 900 + completion * 31, status: isFailed ? 'failed' : index % 37 === 9 ? 'aborted' : 'done' },
      ...{ httpStatus: isFailed ? 503 : 200, isRemote: false },
      energyMj: isFailed ? 90 : Math.round(3_000 + completion * (690 + ((index * 53) % 300))),
      ...{ uncertainty: 0.14, provenance: 'counter' },
    }
  })
  return contract.requests.output.parse({ rows, isComplete: true, keptFromS: AT_S - 14 * 86_400 })
}

const held = {
  ...{ memoryBytes: 6_640_000_000, deviceBytes: 6_640_000_000, device: 'gpu', contextTokens: 8_192 },
  ...{ expiresS: AT_S + 240, state: 'ready', isRemote: false, inFlight: null, tokensPerS: 31.2 },
}

export function server(part: object): Output<'servers'>['servers'][number] {
  return contract.servers.output.shape.servers.element.parse({
    ...{ id: 'http://127.0.0.1:11434', origin: 'http://127.0.0.1:11434', app: 'ollama', name: 'Ollama' },
    ...{ connector: 'ollama', title: 'Ollama', version: '0.12.6', state: 'connected', reason: null },
    ...{ remedy: null, remedyText: null, isAdded: false, energy: 'measured', counts: 'proxyOnly', models: [] },
    ...{ inFlight: null, waiting: null, canUnload: true, lastAnswerS: AT_S - 1, meter: null, behind: null },
    ...part,
  })
}

const meter = {
  ...{ listen: '11435', state: 'listening', reason: null, clientSetting: 'OLLAMA_HOST=127.0.0.1:11435' },
  ...{ requests: 12, lastRequestS: AT_S - 3 },
}

export function serversAnswer(): Output<'servers'> {
  const remedyText = 'llama-server --metrics'
  return {
    servers: [
      server({
        models: [
          {
            ...{ id: 'ollama/qwen3:8b', name: 'qwen3:8b', family: 'qwen3', parameters: 8.2e9, quantisation: 'Q4_K_M' },
            ...held,
            inFlight: 2,
          },
          {
            ...{ id: 'ollama/nomic', name: 'nomic-embed-text:latest', family: 'nomic-bert', parameters: 137e6 },
            ...{ quantisation: 'F16', ...held, memoryBytes: 848_000_000, deviceBytes: 420_000_000, device: 'mixed' },
            ...{ expiresS: AT_S + 290 * 365 * 86_400, contextTokens: null },
          },
        ],
        meter,
      }),
      server({
        ...{ id: 'http://127.0.0.1:11500', origin: 'http://127.0.0.1:11500', version: '0.12.6' },
        meter: { ...meter, listen: '11501', requests: 0, lastRequestS: null },
      }),
      server({
        ...{ id: 'http://127.0.0.1:8080', origin: 'http://127.0.0.1:8080', app: 'llama-cpp', name: 'llama.cpp' },
        ...{ connector: 'llama-server', title: 'llama-server', version: 'b6800', counts: 'off', canUnload: false },
        reason: 'Its counters are switched off, so what it delivers is not known.',
        remedy: {
          kind: 'command',
          argv: ['llama-server', '--metrics'],
          asRoot: false,
          note: 'Start it with this option as well:',
        },
        ...{ remedyText, inFlight: 1, waiting: 3 },
      }),
      server({
        ...{ id: 'http://127.0.0.1:1234', origin: 'http://127.0.0.1:1234', app: 'lm-studio', name: 'LM Studio' },
        ...{ connector: 'lm-studio', title: 'LM Studio', version: null, state: 'denied' },
        reason: 'It wants an API key before it tells what it holds.',
        meter: {
          ...meter,
          state: 'failed',
          reason: 'Another program listens on port 1235.',
          requests: 0,
          lastRequestS: null,
        },
      }),
      server({
        ...{ id: 'http://nas.local:11434', origin: 'http://nas.local:11434', app: null, name: 'The box in the cellar' },
        ...{ isAdded: true, energy: 'elsewhere' },
      }),
      server({
        ...{ id: 'http://127.0.0.1:4000', origin: 'http://127.0.0.1:4000', app: null, name: 'vLLM behind LiteLLM' },
        ...{ connector: 'vllm', title: 'vLLM', counts: 'server', behind: 'http://127.0.0.1:4100', state: 'gone' },
        reason: 'It does not answer any more.',
      }),
    ],
  }
}
