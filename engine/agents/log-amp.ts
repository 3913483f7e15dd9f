import type { AgentReader, ListFormat, Tell } from './agent-log.ts'
import { countOf, type Fields, fieldsOf, labelOf, textOf, timeOf } from './fields.ts'

type State = { readonly thread: string; readonly unnamed: Map<string, Fields> }

/**
 * Amp's threads, a document each: usage beside the message, in older ones a ledger of events that completes it. Format: ryoppippi/ccusage
 * `adapter/amp`.
 */
export const logAmp: AgentReader = {
  id: 'log-amp',
  apps: ['amp'],
  places: ({ env, home }) => [
    {
      path: `${env.AMP_DATA_DIR || `${env.XDG_DATA_HOME || `${home}/.local/share`}/amp`}/threads`,
      depth: 1,
      format: ([name]) => (/^T-.*\.json$/.test(name ?? '') ? thread : null),
      skips: () => true,
    },
  ],
  isCloudModel: () => true,
}

const thread: ListFormat<State> = {
  kind: 'list',
  lists: ['messages', 'events'],
  fields: [],
  needles: ['"usage"', '"tokens"'],
  begin: ({ names }) => ({ thread: names.at(-1) ?? '', unnamed: new Map() }),
  field() {},
  element(list, value, state, tell) {
    const fields = fieldsOf(value)
    if (list === 'messages') return readMessage(fields, state, tell)
    const message = labelOf(fields.toMessageId)
    const tokens = fieldsOf(fields.tokens)
    const beside = state.unnamed.get(message)
    state.unnamed.delete(message)
    const usage = {
      inputTokens: tokens.input,
      outputTokens: tokens.output,
      timestamp: fields.timestamp,
      model: fields.model,
    }
    readUsage({ ...beside, ...usage }, message || labelOf(fields.id), state, tell)
  },
  end(state, tell, isWhole) {
    if (isWhole) for (const [message, usage] of state.unnamed) readUsage(usage, message, state, tell)
  },
}

function readMessage(message: Fields, state: State, tell: Tell): void {
  const usage = fieldsOf(message.usage)
  if (message.usage === undefined) return
  const id = labelOf(message.messageId ?? message.id)
  if (usage.model === undefined) state.unnamed.set(id, usage)
  else readUsage(usage, id, state, tell)
}

function readUsage(usage: Fields, id: string, state: State, tell: Tell): void {
  const atMs = timeOf(usage.timestamp)
  if (atMs === null) return
  tell({
    key: [state.thread, id],
    atMs,
    session: state.thread,
    model: textOf(usage.model),
    provider: 'amp',
    project: null,
    input: countOf(usage.inputTokens),
    cacheRead: countOf(usage.cacheReadInputTokens),
    cacheWrite: countOf(usage.cacheCreationInputTokens),
    output: countOf(usage.outputTokens),
    requests: 1,
  })
}
