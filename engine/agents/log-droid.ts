import type { AgentReader, DocumentFormat } from './agent-log.ts'
import { countOf, fieldsOf, textOf } from './fields.ts'

/** Factory Droid's settings of a session, which hold its totals so far. Format: ryoppippi/ccusage `adapter/droid`. */
export const logDroid: AgentReader = {
  id: 'log-droid',
  apps: ['droid'],
  places: ({ env, home }) => [
    {
      path: env.DROID_SESSIONS_DIR || `${home}/.factory/sessions`,
      depth: 4,
      format: (names) => (names.at(-1)?.endsWith('.settings.json') ? settings : null),
    },
  ],
}

const settings: DocumentFormat = {
  kind: 'document',
  read(document, tell, { names, modifiedMs }) {
    const fields = fieldsOf(document)
    if (fields.tokenUsage === undefined) return
    const usage = fieldsOf(fields.tokenUsage)
    const session = names.at(-1) ?? ''
    tell({
      key: [session],
      atMs: modifiedMs,
      isTimeEstimate: true,
      session,
      model: textOf(fields.model),
      provider: textOf(fields.providerLock),
      project: null,
      input: countOf(usage.inputTokens),
      cacheRead: countOf(usage.cacheReadTokens),
      cacheWrite: countOf(usage.cacheCreationTokens),
      output: countOf(usage.outputTokens),
      requests: null,
    })
  },
}
