import type { AgentReader, StoreFormat } from './agent-log.ts'
import { countOf, textOf, timeOf } from './fields.ts'

/** The log of the `llm` program: a row for each answer, written once. Format: simonw/llm `docs/logging.md`. */
export const logLlm: AgentReader = {
  id: 'log-llm',
  apps: ['llm-cli'],
  places({ env, home, platform }) {
    const folder = {
      linux: `${env.XDG_CONFIG_HOME || `${home}/.config`}/io.datasette.llm`,
      darwin: `${home}/Library/Application Support/io.datasette.llm`,
      win32: `${env.APPDATA || `${home}/AppData/Roaming`}/io.datasette.llm`,
    }[platform]
    return [{ path: `${env.LLM_USER_PATH || folder}/logs.db`, depth: 0, format: () => responses }]
  },
}

const ROWS_AT_ONCE = 200

const responses: StoreFormat = {
  kind: 'store',
  *read(store, state, tell) {
    for (;;) {
      const rows = store.rows(
        'SELECT rowid AS row, id, model, conversation_id, input_tokens, output_tokens, duration_ms, datetime_utc FROM responses WHERE rowid > ? ORDER BY rowid LIMIT ?',
        [Number(state.row ?? 0), ROWS_AT_ONCE],
      )
      if (!rows.ok) return false
      for (const row of rows.value) {
        state.row = Number(row.row)
        const [input, output] = [countOf(row.input_tokens), countOf(row.output_tokens)]
        if (input === null && output === null) continue
        // UTC by its name, with or without a zone behind it.
        const text = String(row.datetime_utc)
        tell({
          key: [String(row.id)],
          atMs: timeOf(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text.replace(' ', 'T')}Z`),
          durationMs: countOf(row.duration_ms),
          session: textOf(row.conversation_id),
          model: textOf(row.model),
          provider: null,
          project: null,
          ...{ input, output, cacheRead: null, cacheWrite: null, requests: 1 },
        })
      }
      if (rows.value.length < ROWS_AT_ONCE) return true
      yield
    }
  },
}
