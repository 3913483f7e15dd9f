import type { AgentMachine, AgentReader, StoreFormat, Tell } from './agent-log.ts'
import { foldersIn, settingsJson } from './base-urls.ts'
import { countOf, type Fields, fieldsOf, textOf, timeOf } from './fields.ts'

/**
 * Crush's sessions, a store in each project. A row's counts are those of its last call, so each pair that is seen is added: a lower bound. Requests
 * are counted by their messages. Format: charmbracelet/crush `internal/db/migrations`, `internal/agent/agent.go`.
 */
export const logCrush: AgentReader = {
  id: 'log-crush',
  apps: ['crush'],
  places: (machine) =>
    projects(machine).map((folder) => ({ path: `${folder}/.crush/crush.db`, depth: 0, format: () => sessions })),
}

function projects(machine: AgentMachine): string[] {
  const { env, home } = machine
  const known = settingsJson(machine, `${env.XDG_DATA_HOME || `${home}/.local/share`}/crush/projects.json`)
  const listed = Array.isArray(known) ? known : (fieldsOf(known).projects ?? Object.keys(fieldsOf(known)))
  return [...new Set(foldersIn(listed))]
}

const SESSIONS_AT_ONCE = 50

const sessions: StoreFormat = {
  kind: 'store',
  *read(store, state, tell, file) {
    const project = tell.project(file.path.replace(/\/\.crush\/crush\.db$/, ''))
    const fromS = Number(state.updated ?? 0)
    for (let skipped = 0; ; skipped += SESSIONS_AT_ONCE) {
      const changed = store.rows(
        'SELECT id, prompt_tokens, completion_tokens, updated_at FROM sessions WHERE updated_at >= ? ORDER BY updated_at, rowid LIMIT ? OFFSET ?',
        [fromS, SESSIONS_AT_ONCE, skipped],
      )
      if (!changed.ok) return false
      for (const session of changed.value) {
        const asked = store.rows(
          "SELECT model, provider, count(*) AS requests, max(created_at) AS last FROM messages WHERE session_id = ? AND role = 'assistant' GROUP BY model, provider ORDER BY last",
          [String(session.id)],
        )
        if (!asked.ok) return false
        readSession(session, asked.value, project, tell)
        state.updated = Math.max(Number(state.updated ?? 0), Number(session.updated_at) || 0)
        yield
      }
      if (changed.value.length < SESSIONS_AT_ONCE) return true
    }
  },
}

function readSession(session: Fields, models: readonly Fields[], project: string | null, tell: Tell): void {
  const id = String(session.id)
  const shared = { session: id, project, isEstimate: true, isTimeEstimate: true, cacheRead: null, cacheWrite: null }
  const atMs = timeOf(session.updated_at)
  for (const { model, provider, requests } of models)
    tell({
      ...shared,
      ...{ key: [id, 'requests', String(provider), String(model)], atMs, input: null, output: null },
      ...{ model: textOf(model), provider: textOf(provider), requests: countOf(requests) },
    })
  const [input, output] = [countOf(session.prompt_tokens), countOf(session.completion_tokens)]
  // After a summary the prompt is 0 until the next call.
  if (input === null || output === null || input + output === 0) return
  const last = models.at(-1)
  tell({
    ...shared,
    ...{ key: [id, String(input), String(output)], atMs, input, output },
    ...{ model: textOf(last?.model), provider: textOf(last?.provider), requests: 0 },
  })
}
