import type { Where } from './usage-record.ts'

/** Providers that are programs on this machine unless their address says otherwise. */
const LOCAL_PROVIDERS: ReadonlySet<string> = new Set([
  ...['ollama', 'ollama_chat', 'lmstudio', 'lm_studio', 'lm-studio', 'llama.cpp', 'llamacpp', 'llama-server', 'mlx'],
  ...['vllm', 'localai', 'koboldcpp', 'jan', 'docker', 'foundry-local', 'lemonade'],
])
/** Models that Ollama lists beside the local ones and computes in its data centre. */
const OLLAMA_CLOUD = /[-:]cloud$/

/**
 * Where a request was computed, by provider and address (`null`: not known). An address decides over a provider's name; what says nothing of
 * being near is assumed to be far, and `isTold` is then false.
 */
export function whereOf(
  provider: string | null,
  model: string | null,
  baseUrl: string | null,
): { readonly where: Where; readonly isTold: boolean } {
  const isLocal = provider !== null && LOCAL_PROVIDERS.has(provider.toLowerCase())
  const byAddress = baseUrl === null ? null : whereIs(baseUrl)
  if (model !== null && OLLAMA_CLOUD.test(model) && (isLocal || byAddress === 'local'))
    return { where: 'cloud', isTold: true }
  if (byAddress !== null) return { where: byAddress, isTold: true }
  if (isLocal) return { where: 'local', isTold: true }
  return { where: 'cloud', isTold: provider !== null }
}

function whereIs(baseUrl: string): Where | null {
  const url = URL.parse(baseUrl)
  if (url === null) return null
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  if (/^(localhost|.*\.localhost|127\.[\d.]+|::1|0\.0\.0\.0|host\.docker\.internal)$/.test(host)) return 'local'
  const isPrivate = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|f[cd][\da-f]{2}:|fe80:)/.test(host)
  if (isPrivate || /\.(local|lan|home\.arpa|internal)$/.test(host) || !/[.:]/.test(host)) return 'lan'
  return 'cloud'
}
