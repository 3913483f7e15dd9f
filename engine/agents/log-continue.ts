import type { AgentReader, LineFormat } from './agent-log.ts'
import { countOf, fieldsOf, parsedJson, textOf, timeOf } from './fields.ts'

/**
 * Continue's development data. The counts are its own tokenizer's, without reasoning: an estimate. A record has no id, and equal ones are one. Format:
 * continuedev/continue `core/llm/index.ts`, `core/data/log.ts`.
 */
export const logContinue: AgentReader = {
  id: 'log-continue',
  apps: ['continue'],
  places: ({ env, home }) => [
    {
      path: `${env.CONTINUE_GLOBAL_DIR || `${home}/.continue`}/dev_data`,
      depth: 2,
      format: (names) => (names.at(-1) === 'tokensGenerated.jsonl' ? generated : null),
    },
  ],
}

const generated: LineFormat = {
  kind: 'lines',
  needles: ['"tokensGenerated"', '"generatedTokens"'],
  begin: () => ({}),
  line(text, _state, tell) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    const fields = fieldsOf(line)
    const [input, output] = [countOf(fields.promptTokens), countOf(fields.generatedTokens)]
    if (input === null && output === null) return
    tell({
      key: [text],
      atMs: timeOf(fields.timestamp),
      session: null,
      model: textOf(fields.model),
      provider: textOf(fields.provider),
      project: null,
      input,
      cacheRead: null,
      cacheWrite: null,
      output,
      requests: 1,
      isEstimate: true,
    })
  },
}
