import type { AgentMachine, AgentReader, StoreFormat, Tell } from './agent-log.ts'
import { countOf, fieldsOf, parsedJson, textOf, timeOf } from './fields.ts'

/**
 * Zed's agent threads: a document each in a store, packed in newer versions, with usage by the user's message: a lower bound. Format:
 * zed-industries/zed `crates/agent/src/db.rs`.
 */
export const logZed: AgentReader = {
  id: 'log-zed',
  apps: ['zed'],
  places: (machine) => [{ path: `${folder(machine)}/threads/threads.db`, depth: 0, format: () => threads }],
}

function folder({ env, home, platform }: AgentMachine): string {
  if (platform === 'darwin') return `${home}/Library/Application Support/Zed`
  if (platform === 'win32') return `${env.LOCALAPPDATA || `${home}/AppData/Local`}/Zed`
  return `${env.XDG_DATA_HOME || `${home}/.local/share`}/zed`
}

/** A thread is parsed in one go, so a few megabytes are all that the tick could bear. */
const MOST_BYTES = 4_000_000

const threads: StoreFormat = {
  kind: 'store',
  *read(store, state, tell, _file, { files }) {
    const from = String(state.updated ?? '')
    for (let skipped = 0; ; skipped++) {
      const rows = store.rows(
        'SELECT id, updated_at, data_type, CASE WHEN length(data) <= ? THEN data END AS data FROM threads WHERE updated_at >= ? ORDER BY updated_at, rowid LIMIT 1 OFFSET ?',
        [MOST_BYTES, from, skipped],
      )
      if (!rows.ok) return false
      const [row] = rows.value
      if (row === undefined) return true
      state.updated = textOf(row.updated_at) ?? from
      const bytes = typeof row.data === 'string' ? Buffer.from(row.data) : row.data
      if (bytes instanceof Uint8Array) {
        const plain = row.data_type === 'zstd' ? files.unpack(bytes, MOST_BYTES) : bytes
        if (plain === null) tell.bad()
        else readThread(String(row.id), parsedJson(Buffer.from(plain).toString('utf8')), timeOf(row.updated_at), tell)
      }
      yield
    }
  },
}

function readThread(id: string, document: unknown, updatedMs: number | null, tell: Tell): void {
  if (document === null) {
    tell.bad()
    return
  }
  const thread = fieldsOf(document)
  const { provider, model } = fieldsOf(thread.model)
  for (const [message, used] of Object.entries(fieldsOf(thread.request_token_usage))) {
    const usage = fieldsOf(used)
    tell({
      key: [id, message],
      atMs: updatedMs ?? timeOf(thread.updated_at),
      isTimeEstimate: true,
      session: id,
      model: textOf(model),
      provider: textOf(provider),
      project: null,
      input: countOf(usage.input_tokens),
      cacheRead: countOf(usage.cache_read_input_tokens),
      cacheWrite: countOf(usage.cache_creation_input_tokens),
      output: countOf(usage.output_tokens),
      requests: 1,
      isEstimate: true,
    })
  }
}
