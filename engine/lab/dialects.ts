import type { ChatDialect } from './plan.ts'

const OPENAI: ChatDialect = { kind: 'openai', path: '/v1/chat/completions' }

/** How each server that can chat is asked to, by its connector, as their documentation says. LiteLLM is not here: it passes on, and others compute. */
const BY_CONNECTOR: Readonly<Record<string, ChatDialect>> = {
  ollama: { kind: 'ollama', path: '/api/chat' },
  'docker-model-runner': { kind: 'openai', path: '/engines/v1/chat/completions' },
  lemonade: { kind: 'openai', path: '/api/v1/chat/completions' },
  ...Object.fromEntries(
    [
      ...['llama-server', 'llama-swap', 'lmstudio', 'localai', 'koboldcpp', 'tabbyapi', 'jan', 'tgw'],
      ...['vllm', 'sglang', 'tgi', 'nim', 'mlx-lm', 'openai-compatible'],
    ].map((connector) => [connector, OPENAI]),
  ),
}

/** `null`: it does not chat. */
export function chatDialect(connector: string | null): ChatDialect | null {
  return connector === null ? null : (BY_CONNECTOR[connector] ?? null)
}

/** Where the same server lists all its models, loaded or not. */
export function listPath({ kind, path }: ChatDialect): string {
  return kind === 'ollama' ? '/api/tags' : path.replace(/chat\/completions$/, 'models')
}
