import type { AgentReader, LineFormat, LineState, Place, Tell } from './agent-log.ts'
import { NOTHING } from './counted.ts'
import { countOf, type Fields, fieldsOf, listOf, parsedJson, textOf, timeOf, without } from './fields.ts'

/**
 * GitHub Copilot CLI: spans of OpenTelemetry where its user had them written, else the totals at the end of a session's journal; never both.
 * Format: ryoppippi/ccusage `adapter/copilot`; OpenTelemetry's semantic conventions for generative AI.
 */
export const logCopilotCli: AgentReader = {
  id: 'log-copilot-cli',
  apps: ['copilot-cli'],
  places({ env, home }) {
    const named = env.COPILOT_OTEL_FILE_EXPORTER_PATH
    const otel: Place[] = [
      { path: `${home}/.copilot/otel`, depth: 1, format: ([name]) => (isLines(name) ? spans : null) },
    ]
    if (named) otel.push({ path: named, depth: 0, format: () => spans })
    const journals = ['session-state', 'history-session-state'].map(
      (folder): Place => ({
        path: `${home}/.copilot/${folder}`,
        depth: 2,
        format: (names) =>
          names.at(-1) === 'events.jsonl' || (names.length === 1 && isLines(names[0])) ? journal : null,
      }),
    )
    return [...otel, ...journals]
  },
  isCloudModel: () => true,
}

function isLines(name: string | undefined): boolean {
  return name?.endsWith('.jsonl') === true
}

const spans: LineFormat = {
  kind: 'lines',
  needles: ['gen_ai.usage.'],
  begin: () => ({}),
  line(text, _state, tell) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    const fields = fieldsOf(line)
    const attributes = fieldsOf(fields.attributes)
    const trace = textOf(fields.traceId) ?? textOf(fieldsOf(fields.spanContext).traceId) ?? ''
    const isCall =
      attributes['gen_ai.operation.name'] === 'chat' ||
      attributes['event.name'] === 'gen_ai.client.inference.operation.details'
    // A turn and the agent's own span are sums of their calls; they count where their trace has none.
    if (!isCall && trace !== '' && tell.known(['trace', trace]) !== null) return
    const atMs = hrTime(fields.endTime) ?? timeOf(fields.timestamp) ?? hrTime(fields.hrTime)
    const usage = (name: string) => countOf(attributes[`gen_ai.usage.${name}`])
    const cacheRead = usage('cache_read.input_tokens')
    const cacheWrite = usage('cache_write.input_tokens') ?? usage('cache_creation.input_tokens')
    const call = textOf(attributes['gen_ai.response.id'])
    if (atMs !== null) tell.note(['hour', String(hourOf(atMs))], NOTHING)
    if (isCall && trace !== '') tell.note(['trace', trace], NOTHING)
    tell({
      key: isCall && call !== null ? ['call', call] : [trace, textOf(fields.spanId) ?? call ?? text],
      atMs,
      durationMs: durationOf(fields),
      session: textOf(attributes['gen_ai.conversation.id']),
      model: textOf(attributes['gen_ai.response.model']) ?? textOf(attributes['gen_ai.request.model']),
      provider: 'github',
      project: null,
      input: without(without(usage('input_tokens'), cacheRead), cacheWrite),
      cacheRead,
      cacheWrite,
      output: usage('output_tokens'),
      requests: isCall ? 1 : null,
    })
  },
}

/** Seconds and nanoseconds. */
function hrTime(value: unknown): number | null {
  const [seconds, nanoseconds] = listOf(value)
  if (typeof seconds !== 'number') return null
  return timeOf(seconds * 1_000 + (typeof nanoseconds === 'number' ? nanoseconds / 1e6 : 0))
}

function durationOf({ startTime, endTime }: Fields): number | null {
  const [startMs, endMs] = [hrTime(startTime), hrTime(endTime)]
  return startMs === null || endMs === null ? null : Math.max(0, endMs - startMs)
}

function hourOf(ms: number): number {
  return Math.floor(ms / 3_600_000)
}

const journal: LineFormat = {
  kind: 'lines',
  needles: ['"session.start"', '"session.shutdown"'],
  begin: ({ names }) => ({ session: names[0] ?? '', startMs: null }),
  line(text, state, tell) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    const fields = fieldsOf(line)
    const atMs = timeOf(fields.timestamp)
    if (fields.type === 'session.start') state.startMs = atMs
    if (fields.type !== 'session.shutdown' || atMs === null || hasSpans(state, atMs, tell)) return
    for (const [model, metrics] of Object.entries(fieldsOf(fieldsOf(fields.data).modelMetrics)))
      readTotals(fieldsOf(fieldsOf(metrics).usage), textOf(model), atMs, state, tell)
  },
}

/** Spans were written while the session went on. */
function hasSpans({ startMs }: LineState, endMs: number, tell: Tell): boolean {
  const first = Math.max(hourOf(Number(startMs ?? endMs)), hourOf(endMs) - 24 * 7)
  for (let hour = first; hour <= hourOf(endMs); hour++) if (tell.known(['hour', String(hour)]) !== null) return true
  return false
}

/** A resumed session ends again, with totals that include those before. */
function readTotals(usage: Fields, model: string | null, atMs: number, { session }: LineState, tell: Tell): void {
  const [cacheRead, cacheWrite] = [countOf(usage.cacheReadTokens), countOf(usage.cacheWriteTokens)]
  tell({
    key: [String(session), String(model)],
    atMs,
    laterAtMs: atMs,
    isTimeEstimate: true,
    session: textOf(session),
    model,
    provider: 'github',
    project: null,
    input: without(countOf(usage.inputTokens), cacheRead),
    cacheRead,
    cacheWrite,
    output: countOf(usage.outputTokens),
    requests: null,
  })
}
