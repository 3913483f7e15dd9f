import type { AgentMachine, AgentReader, LineFormat, LineState, Place } from './agent-log.ts'
import { baseUrlMap, settingsText } from './base-urls.ts'
import { countOf, fieldsOf, labelOf, parsedJson, textOf, timeOf } from './fields.ts'

/**
 * aider's chat histories, in the repositories that it works in, with rounded counts; or the exact ones of its analytics log, where it is told to
 * write one: never both. Format: Aider-AI/aider `aider/coders/base_coder.py`, `aider/analytics.py`.
 */
export const logAider: AgentReader = {
  id: 'log-aider',
  apps: ['aider'],
  places(machine) {
    const analytics = analyticsLog(machine)
    if (analytics !== null && machine.files.look(analytics).ok)
      return [{ path: analytics, depth: 0, format: () => analyticsLines }]
    // Nothing of a home is looked through where aider never ran.
    return machine.files.look(`${machine.home}/.aider`).ok ? [histories(machine)] : []
  },
  baseUrls: ({ env }) => baseUrlMap({ openai: env.OPENAI_API_BASE }),
}

const HISTORY = '.aider.chat.history.md'
const REPOSITORY_DEPTH = 3

function histories({ home }: AgentMachine): Place {
  return {
    path: home,
    depth: REPOSITORY_DEPTH,
    format: (names) => (names.at(-1) === HISTORY ? history : null),
    skips: (names) => /^(\..*|node_modules|Library|AppData|snap|venv)$/.test(names.at(-1) ?? ''),
  }
}

function analyticsLog(machine: AgentMachine): string | null {
  const settings = settingsText(machine, `${machine.home}/.aider.conf.yml`) ?? ''
  const named = /^analytics-log:\s*["']?([^"'#\n]+?)["']?\s*(#.*)?$/m.exec(settings)?.[1]
  const path = machine.env.AIDER_ANALYTICS_LOG || named
  return path === undefined ? null : path.replace(/^~(?=\/)/, machine.home)
}

const history: LineFormat = {
  kind: 'lines',
  needles: ['> Tokens: ', '> Model: ', '> Main model: ', '# aider chat started at '],
  begin: () => ({ startMs: null, model: null, reports: 0 }),
  line(text, state, tell, file) {
    const started = /^# aider chat started at (\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)/.exec(text)
    const model = /^> (?:Main model|Model): (\S{1,200}) with /.exec(text)?.[1]
    if (started !== null) {
      const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = started.slice(1).map(Number)
      // Local time, since that is what it writes.
      state.startMs = new Date(year, month - 1, day, hour, minute, second).getTime()
      state.reports = 0
    } else if (model !== undefined) state.model = model
    else if (text.startsWith('> Tokens: ')) {
      const tokens = reportedTokens(text)
      if (tokens === null) return tell.bad()
      state.reports = Number(state.reports) + 1
      tell({
        key: [String(state.startMs), String(state.model), String(state.reports), text.split('. ', 1)[0]?.trim() ?? ''],
        // A report that was just appended is as old as the file; of those before only the session's start is known.
        atMs: file.isFirstRead ? timeOf(state.startMs) : file.modifiedMs,
        isTimeEstimate: true,
        session: String(state.startMs),
        ...modelOf(state),
        project: tell.project(file.path.slice(0, -HISTORY.length - 1)),
        ...tokens,
        requests: 1,
        isEstimate: true,
      })
    }
  },
}

/** "4.2k sent, 3.1k cache write, 10k cache hit, 512 received"; `null` where it says neither sent nor received. */
function reportedTokens(text: string) {
  const count = (what: string) => {
    const said = new RegExp(`(?:^|[ ,])([\\d.]{1,12})([kM]?) ${what}\\b`).exec(text)
    return said === null ? null : countOf(Math.round(Number(said[1]) * ({ k: 1_000, M: 1e6 }[said[2] ?? ''] ?? 1)))
  }
  const [input, output] = [count('sent'), count('received')]
  if (input === null || output === null) return null
  return { input, output, cacheRead: count('cache hit'), cacheWrite: count('cache write') }
}

/** aider names a model with its provider: "ollama_chat/qwen2.5-coder:32b". */
function modelOf(state: LineState): { model: string | null; provider: string | null } {
  const named = textOf(state.model)
  const slash = named?.indexOf('/') ?? -1
  if (named === null || slash <= 0) return { model: named, provider: null }
  return { model: named.slice(slash + 1), provider: named.slice(0, slash) }
}

const analyticsLines: LineFormat = {
  kind: 'lines',
  needles: ['"message_send"'],
  begin: () => ({}),
  line(text, _state, tell) {
    const line = parsedJson(text)
    if (line === null) return tell.bad()
    const { event, properties, time, user_id } = fieldsOf(line)
    if (event !== 'message_send') return
    const fields = fieldsOf(properties)
    tell({
      key: [user_id, time, fields.main_model, fields.total_tokens].map(labelOf),
      atMs: timeOf(time),
      session: null,
      ...modelOf({ model: textOf(fields.main_model) }),
      project: null,
      input: countOf(fields.prompt_tokens),
      cacheRead: null,
      cacheWrite: null,
      output: countOf(fields.completion_tokens),
      requests: 1,
    })
  },
}
