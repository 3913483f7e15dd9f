import { problem, type Result } from '../../contract/result.ts'
import type { ServerStatus } from '../../contract/servers.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { isoTime } from '../format.ts'
import { complain } from '../kept-command.ts'
import { type Reached, reachEngine } from '../reach.ts'
import { reachWriter } from '../reach-writer.ts'
import type { ServersJson } from '../shapes.ts'
import { type Column, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { withProgress } from '../ticks.ts'

const columns: readonly Column<ServerStatus>[] = [
  { title: 'SERVER', text: (server) => server.name },
  { title: 'ADDRESS', text: (server) => server.origin },
  {
    title: 'SPEAKS',
    text: (server) => [server.title ?? '–', server.version].filter((text) => text !== null).join(' '),
  },
  { title: 'STATE', text: (server) => server.state },
  { title: 'ENERGY', text: (server) => (server.energy === 'measured' ? 'measured' : 'unknown here') },
  { title: 'OUTPUT', text: (server) => COUNTS[server.counts] },
  { title: 'MODELS', isElastic: true, text: (server) => server.models.map(({ name }) => name).join(', ') || '–' },
]
const COUNTS: Readonly<Record<ServerStatus['counts'], string>> = {
  server: 'counted by it',
  proxyOnly: 'needs metering',
  off: 'switched off',
}

export const servers: Command = {
  name: 'servers',
  summary: 'the AI servers that are connected, their models, and what is missing; add, remove',
  about: [
    'Servers on this machine are found by the ports on which catalogue apps listen. One on another machine, or one that cannot be seen, is added by its address: perwatt servers add URL --name NAME. Its key goes into a file that only you can read.',
    '“Needs metering”: it keeps no totals, so only what passes perwatt meter is counted. “Unknown here”: its processes are not seen, so what it draws is not known.',
  ],
  options: [
    { name: 'name', value: 'NAME', text: 'what an added server is called; its host where it is left out' },
    { name: 'key-file', value: 'FILE', completes: 'file', text: 'file with the key that the server asks for' },
  ],
  operand: { name: 'add URL | remove URL', required: false, most: 2, choices: () => ['add', 'remove'] },
  examples: [
    {
      line: 'perwatt servers',
      output: `SERVER  ADDRESS                 SPEAKS         STATE      ENERGY    OUTPUT          MODELS
Ollama  http://127.0.0.1:11434  Ollama 0.13.0  connected  measured  needs metering  qwen3:8b`,
    },
    { line: 'perwatt servers add http://nas.local:8000 --name NAS --key-file nas.key' },
    { line: "perwatt servers --json | jq '.servers[] | select(.remedy) | .remedy'" },
  ],
  run(context) {
    const [action, address] = context.args.operands
    if (action === undefined) return list(context)
    if (action !== 'add' && action !== 'remove')
      return wrong(context, `perwatt servers knows add and remove, not "${action}".`)
    const origin = originOf(address ?? '')
    if (origin === null) return wrong(context, `It is perwatt servers ${action} URL, as in http://127.0.0.1:11434.`)
    return action === 'add'
      ? add(context, origin)
      : change(context, (client) => client.call('removeServer', { origin }))
  },
}

async function wrong(context: Context, reason: string): Promise<ExitCode> {
  return complain(context, problem('badInput', reason))
}

/** Of what somebody has at hand (`http://host:8000/v1/`), the part that says where the server is. */
export function originOf(address: string): string | null {
  if (!URL.canParse(address)) return null
  const { protocol, origin, username } = new URL(address)
  return (protocol === 'http:' || protocol === 'https:') && username === '' ? origin : null
}

async function add(context: Context, origin: string): Promise<ExitCode> {
  const { args } = context
  const keyFile = args.text('key-file')
  const { readKeyFile } = await import('../../engine/meter/key-file.ts')
  const key = keyFile === null ? null : readKeyFile(keyFile, 1)
  if (key?.ok === false) return complain(context, key)
  const name = args.text('name')?.trim().slice(0, 80) || new URL(origin).host
  return change(context, (client) =>
    client.call('addServer', { origin, name, ...(key === null ? {} : { key: key.value }) }),
  )
}

async function change(
  context: Context,
  order: (client: Reached['client']) => Promise<Result<unknown>>,
): Promise<ExitCode> {
  const reached = await reachWriter(context)
  if (!reached.ok) return complain(context, reached)
  const done = await withProgress(context, 'Asking the server …', order(reached.value.client))
  await reached.value.close()
  if (!done.ok) return complain(context, done)
  context.terminal.note('Done.')
  return EXIT.done
}

async function list(context: Context): Promise<ExitCode> {
  const { args, terminal } = context
  const reached = await reachEngine(context)
  if (!reached.ok) return complain(context, reached)
  const found = await withProgress(context, 'Asking servers …', reached.value.client.call('findServers', {}))
  await reached.value.close()
  if (!found.ok) return complain(context, found)
  const isAttached = reached.value.hello !== null
  if (args.has('json')) terminal.printJson(serversJson(found.value.servers, isAttached))
  else terminal.print(serversLines(found.value.servers, terminal).join('\n'))
  return EXIT.done
}

const timeOf = (atS: number | null) => (atS === null ? null : isoTime(atS))

function serversJson(all: readonly ServerStatus[], attached: boolean): ServersJson {
  return {
    ...{ schema: 'perwatt.servers/1', at: isoTime(Math.floor(Date.now() / 1_000)), attached },
    servers: all.map(({ remedy: _, remedyText, lastAnswerS, models, meter, ...server }) => ({
      ...server,
      remedy: remedyText,
      lastAnswerAt: timeOf(lastAnswerS),
      models: models.map(({ expiresS, ...model }) => ({ ...model, expiresAt: timeOf(expiresS) })),
      meter: meter === null ? null : meterJson(meter),
    })),
  }
}

function meterJson({ lastRequestS, ...meter }: NonNullable<ServerStatus['meter']>) {
  return { ...meter, lastRequestAt: timeOf(lastRequestS) }
}

function serversLines(all: readonly ServerStatus[], terminal: Terminal): string[] {
  if (all.length === 0) return ['No AI server listens here. perwatt servers add URL --name NAME adds one elsewhere.']
  const missing = all.flatMap(({ name, reason, remedyText }) =>
    reason === null
      ? []
      : [terminal.tone('warn', `${name}: ${reason}`), ...(remedyText === null ? [] : [`  ${remedyText}`])],
  )
  const metered = all.flatMap(({ name, meter }) =>
    meter === null || meter.state === 'off'
      ? []
      : [`${name} is metered on ${meter.listen}: ${meter.reason ?? meter.state}`],
  )
  return [
    ...table(columns, all, { width: terminal.columns }),
    ...(missing.length + metered.length > 0 ? ['', ...missing, ...metered] : []),
  ]
}
