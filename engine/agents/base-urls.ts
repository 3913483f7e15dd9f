import type { AgentMachine } from './agent-log.ts'
import { fieldsOf, listOf, parsedJson, textOf } from './fields.ts'

const MOST_BYTES = 262_144

/** A small file of settings; `null` where there is none. */
export function settingsText({ files }: AgentMachine, path: string): string | null {
  const opened = files.open(path)
  if (!opened.ok) return null
  const buffer = Buffer.alloc(MOST_BYTES)
  const read = opened.value.read(buffer, 0)
  opened.value.close()
  return read < 0 || read === MOST_BYTES ? null : buffer.toString('utf8', 0, read)
}

export function settingsJson(machine: AgentMachine, path: string): unknown {
  const text = settingsText(machine, path)
  return text === null ? null : parsedJson(text)
}

/** Addresses by provider; those that are not set are left out. */
export function baseUrlMap(urls: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const told = Object.entries(urls).flatMap(([provider, url]) => {
    const text = textOf(url)
    return text === null ? [] : [[provider, text] as const]
  })
  return new Map(told)
}

/** `[model_providers.NAME]` with its `base_url`, as Codex's `config.toml` has it; the rest of TOML is passed over. */
export function tomlBaseUrls(text: string): ReadonlyMap<string, string> {
  const urls = new Map<string, string>()
  let provider: string | null = null
  for (const line of text.split('\n')) {
    const section = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)
    if (section !== null) provider = /^model_providers\.(["']?)([\w-]+)\1$/.exec(section[1] ?? '')?.[2] ?? null
    const url = /^\s*base_url\s*=\s*["']([^"']+)["']/.exec(line)?.[1]
    if (provider !== null && url !== undefined) urls.set(provider, url)
  }
  return urls
}

/** `provider.NAME.options.baseURL`, as opencode's settings have it. */
export function jsonBaseUrls(settings: unknown): ReadonlyMap<string, string> {
  const providers = Object.entries(fieldsOf(fieldsOf(settings).provider))
  return baseUrlMap(Object.fromEntries(providers.map(([name, one]) => [name, fieldsOf(fieldsOf(one).options).baseURL])))
}

/** Absolute paths that a list of settings names. */
export function foldersIn(value: unknown): string[] {
  return listOf(value).flatMap((one) => {
    const path = typeof one === 'string' ? one : fieldsOf(one).path
    return typeof path === 'string' && /^(\/|[A-Za-z]:[\\/])/.test(path) ? [path] : []
  })
}
