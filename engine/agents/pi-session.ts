import type { LineFormat } from './agent-log.ts'
import { countOf, fieldsOf, labelOf, parsedJson, textOf, timeOf } from './fields.ts'

/** A session as pi writes it, and OpenClaw, which is built on it: what was said, with usage beside each answer. */
export const piSession: LineFormat = {
  kind: 'lines',
  needles: ['"usage"', '"session"', '"model_change"', '"model-snapshot"'],
  begin: ({ names }) => ({
    session: names.at(-1)?.split('.jsonl')[0] ?? '',
    project: null,
    model: null,
    provider: null,
  }),
  line(text, state, tell) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    const fields = fieldsOf(line)
    if (fields.type === 'session') {
      state.session = textOf(fields.id) ?? state.session ?? null
      state.project = tell.project(fields.cwd)
    } else if (fields.type === 'model_change' || fields.customType === 'model-snapshot') {
      const chosen = fields.type === 'model_change' ? fields : fieldsOf(fields.data)
      state.model = textOf(chosen.modelId) ?? textOf(chosen.model) ?? state.model ?? null
      state.provider = textOf(chosen.provider) ?? state.provider ?? null
    }
    const message = fieldsOf(fields.message)
    if (message.role !== 'assistant' || message.usage === undefined) return
    const usage = fieldsOf(message.usage)
    tell({
      key: [String(state.session), textOf(fields.id) ?? labelOf(fields.timestamp)],
      atMs: timeOf(fields.timestamp) ?? timeOf(message.timestamp),
      session: textOf(state.session),
      model: textOf(message.model) ?? textOf(state.model),
      provider: textOf(message.provider) ?? textOf(state.provider),
      project: textOf(state.project),
      input: countOf(usage.input),
      cacheRead: countOf(usage.cacheRead),
      cacheWrite: countOf(usage.cacheWrite),
      output: countOf(usage.output),
      requests: 1,
    })
  },
}
