import type { AgentReader, LineFormat } from './agent-log.ts'
import { countOf, fieldsOf, labelOf, parsedJson, textOf, timeOf } from './fields.ts'

/** The wire log of Kimi's CLI, which repeats an answer's usage with every status. Format: ryoppippi/ccusage `adapter/kimi`. */
export const logKimi: AgentReader = {
  id: 'log-kimi',
  apps: ['kimi-cli'],
  places: ({ env, home }) => [
    {
      path: `${env.KIMI_DATA_DIR || `${home}/.kimi`}/sessions`,
      depth: 3,
      format: (names) => (names.at(-1) === 'wire.jsonl' ? wire : null),
    },
  ],
}

/** The log names no model; this is what the program asks for unless it is told otherwise. */
const USUAL_MODEL = 'kimi-for-coding'

const wire: LineFormat = {
  kind: 'lines',
  needles: ['"token_usage"'],
  begin: ({ names }) => ({ session: names.slice(0, -1).join('/') }),
  line(text, state, tell) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    const { timestamp, message } = fieldsOf(line)
    const payload = fieldsOf(fieldsOf(message).payload)
    if (
      fieldsOf(message).type !== 'StatusUpdate' ||
      typeof payload.token_usage !== 'object' ||
      payload.token_usage === null
    )
      return
    const usage = fieldsOf(payload.token_usage)
    const session = String(state.session)
    tell({
      key: [session, textOf(payload.message_id) ?? [timestamp, usage.input_other, usage.output].map(labelOf).join(' ')],
      atMs: timeOf(timestamp),
      session,
      model: textOf(payload.model) ?? USUAL_MODEL,
      provider: null,
      project: null,
      input: countOf(usage.input_other),
      cacheRead: countOf(usage.input_cache_read),
      cacheWrite: countOf(usage.input_cache_creation),
      output: countOf(usage.output),
      requests: 1,
    })
  },
}
