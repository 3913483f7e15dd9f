import type { AgentReader, LineFormat, ListFormat, Tell } from './agent-log.ts'
import { countOf, type Fields, fieldsOf, listOf, parsedJson, sumOf, textOf, timeOf, without } from './fields.ts'

/**
 * Gemini CLI's recorded chats: lines that are appended, before that one document. A message comes again with its counts, in checkpoints and in the
 * copies of resumed sessions: its id and its session's tell. Format: google-gemini/gemini-cli `chatRecordingService.ts`.
 */
export const logGemini: AgentReader = {
  id: 'log-gemini',
  apps: ['gemini-cli'],
  places: ({ home }) => [
    {
      path: `${home}/.gemini/tmp`,
      depth: 4,
      format: (names) => {
        const name = names.at(-1) ?? ''
        if (!names.includes('chats')) return null
        if (name.endsWith('.jsonl')) return chat
        return /^session-.*\.json$/.test(name) ? olderChat : null
      },
    },
  ],
}

const chat: LineFormat = {
  kind: 'lines',
  needles: ['"tokens"', '"sessionId"'],
  begin: ({ names }) => ({ session: names.at(-1) ?? '' }),
  line(text, state, tell) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    const fields = fieldsOf(line)
    const session = textOf(fields.sessionId)
    if (session !== null && fields.id === undefined) state.session = session
    for (const message of [fields, ...listOf(fieldsOf(fields.$set).messages)])
      readMessage(fieldsOf(message), String(state.session), tell)
  },
}

const olderChat: ListFormat<{ session: string }> = {
  kind: 'list',
  lists: ['messages'],
  fields: ['sessionId'],
  needles: ['"tokens"'],
  begin: ({ names }) => ({ session: names.at(-1) ?? '' }),
  field(_name, value, state) {
    state.session = value
  },
  element(_list, value, state, tell) {
    readMessage(fieldsOf(value), state.session, tell)
  },
  end() {},
}

function readMessage(message: Fields, session: string, tell: Tell): void {
  const id = textOf(message.id)
  if (message.type !== 'gemini' || id === null || typeof message.tokens !== 'object' || message.tokens === null) return
  const tokens = fieldsOf(message.tokens)
  const [input, output, cached] = [countOf(tokens.input), countOf(tokens.output), countOf(tokens.cached)]
  const [thoughts, tool, total] = [countOf(tokens.thoughts), countOf(tokens.tool), countOf(tokens.total)]
  // Some versions count what was cached apart, and their total says so.
  const isApart = (cached ?? 0) > 0 && total === sumOf(input, output, thoughts, tool, cached)
  tell({
    key: [session, id],
    atMs: timeOf(message.timestamp),
    session,
    model: textOf(message.model),
    provider: 'google',
    project: null,
    input: sumOf(isApart ? input : without(input, cached), tool),
    cacheRead: cached,
    cacheWrite: null,
    output: sumOf(output, thoughts),
    requests: 1,
  })
}
