import type { AgentReader, LineFormat, Tell } from './agent-log.ts'
import { baseUrlMap, settingsJson } from './base-urls.ts'
import { countOf, type Fields, fieldsOf, parsedJson, textOf, timeOf } from './fields.ts'

/**
 * Claude Code's transcripts. One answer stands on several lines with the same ids, of which the last has all its tokens; resumed sessions copy old
 * lines, and side questions replay their parent's messages under another request. Format: ryoppippi/ccusage `adapter/claude`.
 */
export const logClaudeCode: AgentReader = {
  id: 'log-claude-code',
  apps: ['claude-code'],
  places({ env, home }) {
    const roots =
      env.CLAUDE_CONFIG_DIR === undefined || env.CLAUDE_CONFIG_DIR === ''
        ? [`${home}/.claude`, `${env.XDG_CONFIG_HOME || `${home}/.config`}/claude`]
        : env.CLAUDE_CONFIG_DIR.split(',').map((root) => root.trim())
    return roots
      .filter((root) => root !== '')
      .map((root) => ({
        path: `${root.replace(/([\\/]projects)?[\\/]*$/, '')}/projects`,
        depth: 8,
        format: (names) => (names.at(-1)?.endsWith('.jsonl') ? transcript : null),
      }))
  },
  baseUrls: (machine) =>
    baseUrlMap({
      '*':
        fieldsOf(fieldsOf(settingsJson(machine, `${machine.home}/.claude/settings.json`)).env).ANTHROPIC_BASE_URL ??
        machine.env.ANTHROPIC_BASE_URL,
    }),
  isCloudModel: (model) => /(^|[./])claude-/.test(model),
}

const transcript: LineFormat = {
  kind: 'lines',
  needles: ['"usage"'],
  begin: () => ({}),
  line(text, _state, tell) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    const outer = fieldsOf(line)
    if (outer.type === 'assistant') return answer(outer, outer, tell)
    // A whole message of a sub-agent, one level down; the sub-agent's own file has it, too.
    if (outer.type === 'progress') answer(fieldsOf(fieldsOf(outer.data).message), outer, tell)
  },
}

function answer(line: Fields, outer: Fields, tell: Tell): void {
  const message = fieldsOf(line.message)
  const usage = fieldsOf(message.usage)
  const model = textOf(message.model)
  if (message.usage === undefined || model === '<synthetic>') return
  const id = textOf(message.id) ?? textOf(line.uuid)
  if (id === null) return
  const key = keyOfAnswer(id, textOf(line.requestId) ?? '', line.isSidechain === true, tell)
  if (key === null) return
  tell({
    key,
    atMs: timeOf(line.timestamp ?? outer.timestamp),
    session: textOf(outer.sessionId),
    model,
    provider: null,
    project: tell.project(line.cwd ?? outer.cwd),
    input: countOf(usage.input_tokens),
    cacheRead: countOf(usage.cache_read_input_tokens),
    cacheWrite: countOf(usage.cache_creation_input_tokens),
    output: countOf(usage.output_tokens),
    requests: 1,
  })
}

/** `null`: a side chain's copy of a message that the main chain has. A message that a side chain told of first is the main one's when that comes. */
function keyOfAnswer(id: string, request: string, isSidechain: boolean, tell: Tell): readonly string[] | null {
  const owner = tell.owner([id])
  if (isSidechain) return owner === null ? [id] : null
  if (owner === null) {
    tell.claim([id], request)
    return [id]
  }
  return tell.ownerOf(request) === owner ? [id] : [id, request]
}
