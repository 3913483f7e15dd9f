import type { AgentReader, LineFormat, LineState, Tell } from './agent-log.ts'
import { settingsText, tomlBaseUrls } from './base-urls.ts'
import { countOf, type Fields, fieldsOf, parsedJson, textOf, timeOf, without } from './fields.ts'

/**
 * Codex's rollouts: every `token_count` tells the session's totals so far, and their difference is what was used (cached tokens inside of input,
 * reasoning inside of output). Format: openai/codex `codex-rs/protocol`, ryoppippi/ccusage `adapter/codex`.
 */
export const logCodex: AgentReader = {
  id: 'log-codex',
  apps: ['codex', 'codex-app', 'chatgpt-desktop'],
  places: ({ env, home }) =>
    ['sessions', 'archived_sessions'].map((folder) => ({
      path: `${env.CODEX_HOME || `${home}/.codex`}/${folder}`,
      depth: 5,
      format: (names) => (/^rollout-.*\.jsonl$/.test(names.at(-1) ?? '') ? rollout : null),
    })),
  baseUrls(machine) {
    const text = settingsText(machine, `${machine.env.CODEX_HOME || `${machine.home}/.codex`}/config.toml`)
    return text === null ? new Map() : tomlBaseUrls(text)
  },
}

/** A copy's replay is written in one go; the first answer of its own takes longer. */
const REPLAY_MS = 1_000

const TOTALS = ['input_tokens', 'cached_input_tokens', 'cache_write_input_tokens', 'output_tokens'] as const
type Totals = Record<(typeof TOTALS)[number], number>

const rollout: LineFormat = {
  kind: 'lines',
  needles: ['"token_count"', '"turn_context"', '"session_meta"'],
  begin: () => ({ session: null, provider: null, project: null, model: null, isCopy: false, firstMs: null, ...ZERO }),
  line(text, state, tell) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    const { type, payload, timestamp } = fieldsOf(line)
    const fields = fieldsOf(payload)
    const atMs = timeOf(timestamp)
    if (type === 'session_meta') return begun(fields, state, tell)
    if (state.firstMs === null) state.firstMs = atMs
    if (type === 'turn_context') {
      state.model = textOf(fields.model) ?? state.model ?? null
      state.project = tell.project(fields.cwd) ?? state.project ?? null
    } else if (type === 'event_msg' && fields.type === 'token_count' && fields.info !== null)
      counted(fieldsOf(fields.info), atMs, state, tell)
  },
}

const ZERO: Totals = { input_tokens: 0, cached_input_tokens: 0, cache_write_input_tokens: 0, output_tokens: 0 }

/** A copy begins with its parent's events, and first with its parent's own beginning in some versions. */
function begun(meta: Fields, state: LineState, tell: Tell): void {
  if (state.session !== null) return
  state.session = textOf(meta.id) ?? ''
  state.provider = textOf(meta.model_provider)
  state.project = tell.project(meta.cwd)
  state.isCopy = fieldsOf(meta.source).subagent !== undefined || textOf(meta.forked_from_id) !== null
}

function counted(info: Fields, atMs: number | null, state: LineState, tell: Tell): void {
  const total = totalsOf(info.total_token_usage)
  if (total === null) {
    tell.bad()
    return
  }
  const base = Object.fromEntries(TOTALS.map((name) => [name, Number(state[name])])) as Totals
  Object.assign(state, total)
  // The context was too long for the model: an event with the window's size for a total, after which counting begins anew.
  const isOverflow = TOTALS.every((name) => total[name] === 0)
  const isReplay = state.isCopy === true && atMs !== null && atMs - Number(state.firstMs) < REPLAY_MS
  if (isOverflow || isReplay) return
  const hasFallen = TOTALS.some((name) => total[name] < base[name])
  const rise = Object.fromEntries(
    TOTALS.map((name) => [name, hasFallen ? total[name] : total[name] - base[name]]),
  ) as Totals
  if (TOTALS.every((name) => rise[name] === 0)) return
  tell({
    // Sessions that are archived, resumed or read again bring the same event with the same time.
    key: [String(state.session), String(atMs), ...TOTALS.map((name) => String(total[name]))],
    atMs,
    session: textOf(state.session),
    model: textOf(state.model),
    provider: textOf(state.provider),
    project: textOf(state.project),
    input: without(without(rise.input_tokens, rise.cached_input_tokens), rise.cache_write_input_tokens),
    cacheRead: rise.cached_input_tokens,
    cacheWrite: rise.cache_write_input_tokens,
    output: rise.output_tokens,
    requests: 1,
  })
}

function totalsOf(usage: unknown): Totals | null {
  const fields = fieldsOf(usage)
  const counts = TOTALS.map((name) => [name, countOf(fields[name]) ?? 0] as const)
  if (counts.some(([, count]) => Number.isNaN(count)) || fields.input_tokens === undefined) return null
  return Object.fromEntries(counts) as Totals
}
