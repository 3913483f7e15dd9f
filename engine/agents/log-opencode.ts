import type { AgentMachine, AgentReader, DocumentFormat, Place, StoreFormat, Tell } from './agent-log.ts'
import { jsonBaseUrls, settingsJson } from './base-urls.ts'
import { countOf, type Fields, fieldsOf, parsedJson, sumOf, textOf, timeOf } from './fields.ts'

/**
 * opencode's messages and those of Kilo's CLI, which keeps the same table: rows of a store, before that a document each, which a migration leaves
 * behind. A message is written anew until it is completed. Format: ryoppippi/ccusage `adapter/opencode`.
 */
export const logOpencode: AgentReader = {
  id: 'log-opencode',
  apps: ['opencode', 'kilo-code'],
  places: (machine) => [...opencodePlaces(machine), ...kiloPlaces(machine)],
  baseUrls(machine) {
    const folder = `${machine.env.XDG_CONFIG_HOME || `${machine.home}/.config`}/opencode`
    return jsonBaseUrls(settingsJson(machine, `${folder}/opencode.json`))
  },
}

function opencodePlaces({ env, home }: AgentMachine): Place[] {
  const folder = env.OPENCODE_DATA_DIR || `${env.XDG_DATA_HOME || `${home}/.local/share`}/opencode`
  return [
    {
      path: folder,
      depth: 1,
      format: ([name]) => (/^opencode(-[\w.]+)?\.db$/.test(name ?? '') ? messageStore : null),
      skips: () => true,
    },
    {
      path: `${folder}/storage/message`,
      depth: 2,
      format: (names) => (names.length === 2 && names[1]?.endsWith('.json') ? messageFile : null),
    },
  ]
}

function kiloPlaces({ env, home }: AgentMachine): Place[] {
  const folder = env.KILO_DATA_DIR || `${env.XDG_DATA_HOME || `${home}/.local/share`}/kilo`
  return [{ path: `${folder}/kilo.db`, depth: 0, app: 'kilo-code', format: () => messageStore }]
}

const messageFile: DocumentFormat = {
  kind: 'document',
  read(document, tell, { names }) {
    const message = fieldsOf(document)
    readMessage(message, textOf(message.id) ?? names.join('/'), textOf(message.sessionID), tell)
  },
}

const ROWS_AT_ONCE = 200
/** What was not completed by then never will be. */
const ABANDONED_MS = 86_400_000

const messageStore: StoreFormat = {
  kind: 'store',
  *read(store, state, tell, file) {
    let isSettled = true
    let from = Number(state.row ?? 0)
    for (;;) {
      const rows = store.rows(
        'SELECT rowid AS row, id, session_id, data FROM message WHERE rowid > ? AND length(data) < 1000000 ORDER BY rowid LIMIT ?',
        [from, ROWS_AT_ONCE],
      )
      if (!rows.ok) return false
      for (const { row, id, session_id, data } of rows.value) {
        from = Number(row)
        const message = fieldsOf(parsedJson(String(data)))
        const isDone = readMessage(message, String(id), textOf(session_id), tell)
        const madeMs = timeOf(fieldsOf(message.time).created)
        // Rows are read again from the first one on that is still being written.
        isSettled &&= isDone || madeMs === null || madeMs < file.modifiedMs - ABANDONED_MS
        if (isSettled) state.row = from
      }
      if (rows.value.length < ROWS_AT_ONCE) break
      yield
    }
    yield* againIfEmptied(store, state)
    return true
  },
}

/** A store that was made anew counts its rows from 1 again. */
function* againIfEmptied(
  store: Parameters<StoreFormat['read']>[0],
  state: Parameters<StoreFormat['read']>[1],
): Generator<void> {
  yield
  const last = store.rows('SELECT max(rowid) AS row FROM message', [])
  if (last.ok && Number(last.value[0]?.row ?? 0) < Number(state.row ?? 0)) state.row = 0
}

/** Whether there is nothing more to come of it. */
function readMessage(message: Fields, id: string, session: string | null, tell: Tell): boolean {
  if (message.role !== 'assistant') return true
  const time = fieldsOf(message.time)
  const [madeMs, doneMs] = [timeOf(time.created), timeOf(time.completed)]
  if (doneMs === null) return false
  const tokens = fieldsOf(message.tokens)
  const cache = fieldsOf(tokens.cache)
  tell({
    key: [id],
    atMs: doneMs,
    durationMs: madeMs === null ? null : Math.max(0, doneMs - madeMs),
    session,
    model: textOf(message.modelID),
    provider: textOf(message.providerID),
    project: tell.project(fieldsOf(message.path).cwd),
    input: countOf(tokens.input),
    cacheRead: countOf(cache.read),
    cacheWrite: countOf(cache.write),
    output: sumOf(countOf(tokens.output), countOf(tokens.reasoning)),
    requests: 1,
  })
  return true
}
