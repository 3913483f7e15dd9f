import type { AgentReader, LineFormat } from './agent-log.ts'
import { baseUrlMap } from './base-urls.ts'
import { countOf, fieldsOf, labelOf, parsedJson, sumOf, textOf, timeOf, without } from './fields.ts'

/** Qwen Code's chats; it speaks to any OpenAI-compatible server. Format: ryoppippi/ccusage `adapter/qwen`. */
export const logQwenCode: AgentReader = {
  id: 'log-qwen-code',
  apps: ['qwen-code'],
  places: ({ env, home }) => [
    {
      path: `${env.QWEN_DATA_DIR || `${home}/.qwen`}/projects`,
      depth: 3,
      format: (names) => (names.includes('chats') && names.at(-1)?.endsWith('.jsonl') ? chat : null),
    },
  ],
  baseUrls: ({ env }) => baseUrlMap({ '*': env.OPENAI_BASE_URL }),
}

const chat: LineFormat = {
  kind: 'lines',
  needles: ['"usageMetadata"'],
  begin: () => ({}),
  line(text, _state, tell) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    const fields = fieldsOf(line)
    if (fields.type !== 'assistant' || fields.usageMetadata === undefined) return
    const usage = fieldsOf(fields.usageMetadata)
    const session = textOf(fields.sessionId)
    const id = textOf(fields.uuid)
    const cached = countOf(usage.cachedContentTokenCount)
    tell({
      key: [
        String(session),
        id ?? [fields.timestamp, usage.promptTokenCount, usage.candidatesTokenCount].map(labelOf).join(' '),
      ],
      atMs: timeOf(fields.timestamp),
      session,
      model: textOf(fields.model),
      provider: null,
      project: tell.project(fields.cwd),
      input: without(countOf(usage.promptTokenCount), cached),
      cacheRead: cached,
      cacheWrite: null,
      output: sumOf(countOf(usage.candidatesTokenCount), countOf(usage.thoughtsTokenCount)),
      requests: 1,
    })
  },
}
