import { anthropic } from './anthropic.ts'
import { llamaCpp } from './llama-cpp.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { others } from './others.ts'
import type { Endpoint } from './protocol.ts'

/** The first whose path fits is taken: the narrower path stands first. */
export const endpoints: readonly Endpoint[] = [...anthropic, ...ollama, ...openai, ...llamaCpp, ...others]

/** What a request asks for; `null` for anything that no model answers. */
export function endpointOf(method: string, path: string): Endpoint | null {
  if (method !== 'POST') return null
  return endpoints.find((endpoint) => endpoint.path.test(path)) ?? null
}

/** Path of a request's target, without what stands behind `?`: there may be keys in it. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/)
  const path = end < 0 ? target : target.slice(0, end)
  // A request to a proxy names the whole address.
  return path.replace(/^https?:\/\/[^/]*/i, '')
}
