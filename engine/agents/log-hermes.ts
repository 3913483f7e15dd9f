import type { AgentReader, StoreFormat } from './agent-log.ts'
import { countOf, textOf, timeOf } from './fields.ts'
import { rowsByPage } from './store-pages.ts'

/** Hermes Agent's sessions: a row each with totals that grow. Format: ryoppippi/ccusage `adapter/hermes`. */
export const logHermes: AgentReader = {
  id: 'log-hermes',
  apps: ['hermes-agent'],
  places: ({ env, home }) => [
    { path: `${env.HERMES_HOME || `${home}/.hermes`}/state.db`, depth: 0, format: () => sessions },
  ],
}

const COLUMNS = `id, model, billing_provider, started_at, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens`

const sessions: StoreFormat = {
  kind: 'store',
  read: (store, _state, tell, file) =>
    rowsByPage(store, `SELECT rowid AS row, ${COLUMNS} FROM sessions`, (row) => {
      const session = String(row.id)
      tell({
        key: [session],
        // A row says only when its session began: what it grows by later was used when the store was written to.
        atMs: timeOf(row.started_at) ?? file.modifiedMs,
        laterAtMs: file.modifiedMs,
        isTimeEstimate: true,
        session,
        model: textOf(row.model),
        provider: textOf(row.billing_provider),
        project: null,
        input: countOf(row.input_tokens),
        cacheRead: countOf(row.cache_read_tokens),
        cacheWrite: countOf(row.cache_write_tokens),
        output: countOf(row.output_tokens),
        requests: null,
      })
    }),
}
