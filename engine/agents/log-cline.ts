import type { AgentMachine, AgentReader, ListFormat, Place, Tell } from './agent-log.ts'
import { settingsJson } from './base-urls.ts'
import { type Amounts, NOTHING, riseOf, sumOfAmounts } from './counted.ts'
import { countOf, type Fields, fieldsOf, labelOf, listOf, parsedJson, textOf, timeOf, without } from './fields.ts'

/**
 * Tasks of Cline, Roo Code and Kilo Code: one document each, written anew with every message. When messages are taken back, one of kind
 * `deleted_api_reqs` stands for what they used. Fields: the three's published type declarations.
 */
export const logCline: AgentReader = {
  id: 'log-cline',
  apps: ['cline', 'roo-code', 'kilo-code'],
  places: (machine) => [
    ...userFolders(machine).flatMap((folder) =>
      EXTENSIONS.map(([extension, app]) => tasks(`${folder}/User/globalStorage/${extension}/tasks`, app)),
    ),
    tasks(`${machine.home}/.cline/data/tasks`, 'cline'),
  ],
}

const EXTENSIONS = [
  ['saoudrizwan.claude-dev', 'cline'],
  ['rooveterinaryinc.roo-cline', 'roo-code'],
  ['kilocode.kilo-code', 'kilo-code'],
] as const
const EDITORS = ['Code', 'Cursor', 'VSCodium', 'Windsurf', 'Code - Insiders']

function userFolders({ env, home, platform }: AgentMachine): string[] {
  const base = {
    linux: env.XDG_CONFIG_HOME || `${home}/.config`,
    darwin: `${home}/Library/Application Support`,
    win32: env.APPDATA || `${home}/AppData/Roaming`,
  }[platform]
  return [...EDITORS.map((editor) => `${base}/${editor}`), `${home}/.vscode-server/data`]
}

function tasks(path: string, app: string): Place {
  return {
    path,
    depth: 2,
    app,
    format: (names) => (names.length === 2 && names[1] === 'ui_messages.json' ? task : null),
  }
}

type State = {
  readonly task: string
  readonly models: readonly Fields[]
  /** What stands in the document, deleted requests included. */
  sum: Amounts
  deletedMs: number | null
  model: Pick<Parameters<Tell>[0], 'model' | 'provider'>
}

const task: ListFormat<State> = {
  kind: 'list',
  lists: [''],
  fields: [],
  needles: ['api_req_started', 'deleted_api_reqs'],
  begin: ({ path, names }, machine) => ({
    task: names[0] ?? path,
    models: listOf(fieldsOf(settingsJson(machine, `${path.replace(/[^/]+$/, '')}task_metadata.json`)).model_usage).map(
      fieldsOf,
    ),
    sum: NOTHING,
    deletedMs: null,
    model: { model: null, provider: null },
  }),
  field() {},
  element(_list, value, state, tell) {
    const message = fieldsOf(value)
    if (message.type !== 'say' || typeof message.text !== 'string') return
    const used = fieldsOf(parsedJson(message.text))
    // Written without counts when the request begins, and completed in place.
    if (used.tokensIn === undefined || used.tokensIn === null) return
    state.model = modelOf(message, state)
    const sighting = sightingOf(message, used, state)
    const amounts = amountsOf(sighting)
    if (message.say === 'deleted_api_reqs') state.deletedMs = timeOf(message.ts)
    else if (message.say === 'api_req_started') {
      const rise = tell(sighting)
      if (rise !== null) remember(state.task, rise, tell)
    } else return
    if (amounts !== null) state.sum = sumOfAmounts(state.sum, amounts)
  },
  end(state, tell) {
    if (state.deletedMs === null) return
    // Of deleted requests only what was not counted while they were there.
    const missing = riseOf(state.sum, tell.known([state.task, 'sum']) ?? NOTHING)
    if (missing === null) return
    const key = [state.task, 'deleted']
    const all = sumOfAmounts(tell.known(key) ?? NOTHING, missing)
    remember(state.task, missing, tell)
    tell({ key, atMs: state.deletedMs, session: state.task, project: null, ...state.model, ...all, isEstimate: true })
  },
}

function remember(task: string, rise: Amounts, tell: Tell): void {
  tell.note([task, 'sum'], sumOfAmounts(tell.known([task, 'sum']) ?? NOTHING, rise))
}

function sightingOf(message: Fields, used: Fields, state: State): Parameters<Tell>[0] {
  const [input, cacheRead] = [countOf(used.tokensIn), countOf(used.cacheReads)]
  return {
    key: [state.task, labelOf(message.ts)],
    atMs: timeOf(message.ts),
    session: state.task,
    project: null,
    ...state.model,
    // Roo and Kilo say which way of counting an answer followed.
    input: used.apiProtocol === 'openai' ? without(input, cacheRead) : input,
    cacheRead,
    cacheWrite: countOf(used.cacheWrites),
    output: countOf(used.tokensOut),
    requests: 1,
  }
}

function amountsOf({ input, cacheRead, cacheWrite, output }: Parameters<Tell>[0]): Amounts | null {
  const amounts = {
    input: input ?? 0,
    cacheRead: cacheRead ?? 0,
    cacheWrite: cacheWrite ?? 0,
    output: output ?? 0,
    requests: 1,
  }
  return Object.values(amounts).some(Number.isNaN) ? null : amounts
}

/** Beside the message, else the newest that the task's own record names by then. */
function modelOf(message: Fields, { models, model }: State): State['model'] {
  const beside = fieldsOf(message.modelInfo)
  const modelId = textOf(beside.modelId)
  if (modelId !== null) return { model: modelId, provider: textOf(beside.providerId) }
  const used = models.filter(({ ts }) => (timeOf(ts) ?? 0) <= (timeOf(message.ts) ?? 0)).at(-1)
  if (used === undefined) return model
  return { model: textOf(used.model_id), provider: textOf(used.model_provider_id) }
}
