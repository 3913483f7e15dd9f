import type { AgentMachine, AgentReader, LineFormat, Place, StoreFormat, Tell } from './agent-log.ts'
import { countOf, type Fields, fieldsOf, parsedJson, textOf, timeOf } from './fields.ts'
import { rowsByPage } from './store-pages.ts'

/** Goose's sessions: a row each with totals that grow, so what is used is their increase. Format: block/goose, ryoppippi/ccusage `adapter/goose`. */
export const logGoose: AgentReader = {
  id: 'log-goose',
  apps: ['goose'],
  places: (machine) =>
    folders(machine).map(
      (path): Place => ({
        path,
        depth: 1,
        format: ([name]) => (name === 'sessions.db' ? sessions : name?.endsWith('.jsonl') ? olderSession : null),
        skips: () => true,
      }),
    ),
}

function folders({ env, home, platform }: AgentMachine): string[] {
  if (env.GOOSE_PATH_ROOT && /^(\/|[A-Za-z]:)/.test(env.GOOSE_PATH_ROOT))
    return [`${env.GOOSE_PATH_ROOT}/data/sessions`]
  const shared = env.XDG_DATA_HOME || `${home}/.local/share`
  const unix = [`${shared}/goose/sessions`, `${shared}/Block/goose/sessions`]
  const mac = `${home}/Library/Application Support`
  if (platform === 'darwin') return [...unix, `${mac}/goose/sessions`, `${mac}/Block/goose/sessions`]
  return platform === 'win32' && env.APPDATA ? [...unix, `${env.APPDATA}/Block/goose/data/sessions`] : unix
}

const COLUMNS = `id, working_dir, updated_at, provider_name, model_config_json, input_tokens, output_tokens,
  accumulated_input_tokens, accumulated_output_tokens`

const sessions: StoreFormat = {
  kind: 'store',
  read: (store, _state, tell, file) =>
    rowsByPage(store, `SELECT rowid AS row, ${COLUMNS} FROM sessions`, (row) => {
      const model = textOf(fieldsOf(parsedJson(String(row.model_config_json))).model_name)
      if (model !== null) readSession(row, String(row.id), model, file.modifiedMs, tell)
    }),
}

const olderSession: LineFormat = {
  kind: 'lines',
  needles: ['"accumulated_', '"total_tokens"'],
  begin: () => ({ isBegun: false }),
  line(text, state, tell, file) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    // The first line alone is the session's.
    if (state.isBegun === true) return
    state.isBegun = true
    readSession(fieldsOf(line), file.names.at(-1) ?? '', null, file.modifiedMs, tell)
  },
}

function readSession(row: Fields, id: string, model: string | null, modifiedMs: number, tell: Tell): void {
  const input = countOf(row.accumulated_input_tokens ?? row.input_tokens)
  const output = countOf(row.accumulated_output_tokens ?? row.output_tokens)
  if (input === null && output === null) return
  tell({
    key: [id],
    atMs: timeOf(row.updated_at) ?? modifiedMs,
    isTimeEstimate: true,
    session: id,
    model,
    provider: textOf(row.provider_name),
    project: tell.project(row.working_dir),
    input,
    cacheRead: null,
    cacheWrite: null,
    output,
    requests: null,
  })
}
