import { AppId, ModelId, UserId } from '../../contract/ids.ts'
import type { RequestRow } from '../../contract/models.ts'
import { ok, problem, type Result } from '../../contract/result.ts'
import { attach } from '../../engine/socket/client.ts'
import { askKept } from '../ask-kept.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { amount, duration, energy, isoTime, isoTimeMs, plusMinusPct } from '../format.ts'
import { complain, rangeLine, runKept } from '../kept-command.ts'
import { rangeOptions } from '../range.ts'
import type { RequestJson, RequestsJson } from '../shapes.ts'
import { type Column, table } from '../table.ts'
import { outputText, requestColumns, requestJson, whyUnknown } from '../work-view.ts'

const MOST = 2_000
const LIMIT = 100
/** Wide enough for what comes later, since a line that is printed stays. */
const TAIL_WIDTHS: Readonly<Record<string, number>> = {
  MODEL: 24,
  USER: 10,
  CLIENT: 12,
  PROMPT: 6,
  OUTPUT: 12,
  ENERGY: 8,
}

export const requests: Command = {
  name: 'requests',
  summary: 'single requests: tokens, time to the first, joules; --tail follows them',
  about: [
    'Requests that came through perwatt meter or a switched-on metering proxy, newest first, for as many days as the settings keep them. With an ID, one of them in full.',
    'Joules of a request are final when it has ended and every source has told of its time, some seconds later. “Energy unknown here”: the processes that computed it are not seen.',
  ],
  options: [
    ...rangeOptions('1h'),
    { name: 'app', value: 'ID', text: 'only of this app' },
    { name: 'model', value: 'ID', text: 'only of this model' },
    { name: 'user', value: 'ID', text: 'only of this user' },
    { name: 'limit', value: 'N', text: `at most so many, ${LIMIT} where it is left out; ${MOST} at most` },
    { name: 'tail', text: 'go on, with each request as it settles, until interrupted' },
  ],
  operand: { name: 'ID', required: false },
  examples: [
    {
      line: 'perwatt requests --since 1h',
      output: `2026-11-25 13:03 to 2026-11-25 14:03

ENDED                ID                MODEL     USER    CLIENT   PROMPT  OUTPUT   FIRST    TOOK  STATUS  ENERGY
2026-11-25 14:02:51  5b1f0c9a7e3d2461  qwen3:8b  User 1  python3     214     412  0.18 s  9.81 s  done     398 J  ± 12 %`,
    },
    { line: 'perwatt requests 5b1f0c9a7e3d2461' },
    { line: "perwatt requests --tail --json | jq -c '[.modelName, .completionTokens, .energyMj]'" },
  ],
  async run(context) {
    const [id] = context.args.operands
    if (id !== undefined) return one(context, id)
    const filter = readFilter(context)
    if (!filter.ok) return complain(context, filter)
    const isTail = context.args.has('tail')
    if (isTail) return tail(context, filter.value)
    return runKept(context, {
      name: 'requests',
      since: '1h',
      inputOf: (range) => ({ ...range, ...filter.value }),
      show({ told }, range) {
        const { rows, isComplete, keptFromS } = told
        if (context.args.has('json')) {
          const json: RequestsJson = {
            ...{ schema: 'perwatt.requests/1', from: isoTime(range.fromS), to: isoTime(range.toS), isComplete },
            keptFrom: isoTime(keptFromS),
            rows: rows.map(requestJson),
          }
          context.terminal.printJson(json)
          return
        }
        context.terminal.print(requestsLines(context, rows, isComplete, range).join('\n'))
      },
    })
  },
}

type Filter = { app?: AppId; model?: ModelId; user?: UserId; limit: number }

function readFilter({ args }: Context): Result<Filter, 'badInput'> {
  const limit = Number(args.text('limit') ?? LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    return problem('badInput', `--limit is a whole number from 1 to ${MOST}, not "${args.text('limit')}".`)
  const filter: Filter = { limit }
  const [app, model, user] = [args.text('app'), args.text('model'), args.text('user')]
  if (app !== null) filter.app = AppId.parse(app.slice(0, 120))
  if (model !== null) filter.model = ModelId.parse(model.slice(0, 240))
  if (user !== null) filter.user = UserId.parse(user.slice(0, 120))
  return ok(filter)
}

function requestsLines(
  { terminal }: Context,
  rows: readonly RequestRow[],
  isComplete: boolean,
  range: { fromS: number; toS: number },
): string[] {
  const none = 'No metered request ended in this time. perwatt servers says what can be metered, and how.'
  const lines = rows.length === 0 ? [none] : table(requestColumns, rows, { width: terminal.columns })
  const more = isComplete ? [] : [terminal.tone('dim', `Only the newest ${rows.length}; --limit shows more.`)]
  return [rangeLine(terminal, range), '', ...lines, ...more]
}

async function one(context: Context, id: string): Promise<ExitCode> {
  const found = await askKept(context, 'request', { id: id.slice(0, 64) })
  if (!found.ok) return complain(context, found)
  const row = found.value.told
  const json: RequestJson = { schema: 'perwatt.request/1', ...requestJson(row) }
  if (context.args.has('json')) context.terminal.printJson(json)
  else context.terminal.print(wholeLines(row).join('\n'))
  return EXIT.done
}

function wholeLines(row: RequestRow): string[] {
  const energyText =
    row.energyMj === null ? whyUnknown(row) : `${energy(row.energyMj)} ${plusMinusPct(row.uncertainty)}`
  const perToken =
    row.energyMj === null || row.completionTokens === null || row.completionTokens === 0
      ? null
      : `${amount(row.energyMj / 1_000 / row.completionTokens)} J a token`
  const lines: readonly (readonly [string, string | null])[] = [
    ['Request', row.id],
    ['Began', isoTimeMs(row.beganMs)],
    ['Took', duration(row.durationMs)],
    ['First token after', row.ttftMs === null ? 'not reported' : duration(row.ttftMs)],
    ['Status', `${row.status}${row.httpStatus === null ? '' : ` (HTTP ${row.httpStatus})`}`],
    ['App', row.app],
    ['Model', row.model],
    ['Endpoint', row.endpoint],
    ['User', row.user === null ? null : `${row.userName ?? ''} (${row.user})`],
    ['Client', row.client],
    ['Project', row.project],
    ['Prompt tokens', row.promptTokens === null ? 'not reported' : amount(row.promptTokens)],
    ['Of it cached', row.cachedTokens === null ? 'not reported' : amount(row.cachedTokens)],
    ['Output', outputText(row)],
    ['Energy', [energyText.trim(), perToken].filter((text) => text !== null).join(', ')],
    ['Obtained by', row.provenance],
  ]
  const known = lines.filter((line): line is readonly [string, string] => line[1] !== null)
  const width = Math.max(...known.map(([name]) => name.length))
  return known.map(([name, text]) => `${name.padEnd(width)}  ${text}`)
}

/** What has ended lately, oldest first, and then each as it settles. */
async function tail(context: Context, filter: Filter): Promise<ExitCode> {
  const { args, terminal, dataDir } = context
  const attached = await attach(dataDir)
  if (!attached.ok) return complain(context, attached)
  const { client, ended } = attached.value
  const columns = requestColumns.map((column): Column<RequestRow> => {
    const width = TAIL_WIDTHS[column.title]
    if (width === undefined) return column
    const padded = (text: string) => (column.align === 'right' ? text.padStart(width) : text.padEnd(width))
    return { ...column, text: (row) => padded(column.text(row)) }
  })
  const shown = new Set<string>()
  const show = (row: RequestRow) => {
    if (shown.has(row.id)) return
    shown.add(row.id)
    if (args.has('json'))
      terminal.printJson({ schema: 'perwatt.request/1', ...requestJson(row) } satisfies RequestJson, 'line')
    else terminal.print(table(columns, [row], { width: terminal.columns })[1] ?? '')
  }
  if (!args.has('json')) terminal.print(table(columns, [], { width: terminal.columns })[0] ?? '')
  const isWanted = (row: RequestRow) =>
    (filter.app === undefined || row.app === filter.app) &&
    (filter.model === undefined || row.model === filter.model) &&
    (filter.user === undefined || row.user === filter.user)
  const off = client.on('requestEnded', (row) => {
    if (isWanted(row)) show(row)
  })
  await runKept(context, {
    name: 'requests',
    since: '1h',
    inputOf: (range) => ({ ...range, ...filter }),
    show({ told }) {
      for (const row of told.rows.toReversed()) show(row)
    },
  })
  const reason = await ended
  off()
  return complain(context, problem('engineDown', reason))
}
