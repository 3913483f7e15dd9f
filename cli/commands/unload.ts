import { problem, type Result } from '../../contract/result.ts'
import type { ServerModel, ServerStatus } from '../../contract/servers.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { complain } from '../kept-command.ts'
import { reachEngine } from '../reach.ts'
import { withProgress } from '../ticks.ts'
import { originOf } from './servers.ts'

type Held = { readonly server: ServerStatus; readonly model: ServerModel }

export const unload: Command = {
  name: 'unload',
  summary: 'let a server drop a model from memory',
  about: [
    'Asks the server in its own way; it loads the model again with the next request for it. Of some servers there is no way but to stop them, and that is then said.',
  ],
  options: [{ name: 'server', value: 'URL', text: 'the server that holds it, where several do' }],
  operand: { name: 'MODEL', required: true },
  examples: [
    { line: 'perwatt unload qwen3:8b', output: 'Ollama has let go of qwen3:8b.' },
    { line: 'perwatt unload ollama/qwen3:8b --server http://127.0.0.1:11434' },
  ],
  async run(context) {
    const { args, terminal } = context
    const address = args.text('server')
    const origin = address === null ? null : originOf(address)
    if (address !== null && origin === null)
      return complain(
        context,
        problem('badInput', `--server is an address such as http://127.0.0.1:11434, not "${address}".`),
      )
    const reached = await reachEngine(context)
    if (!reached.ok) return complain(context, reached)
    const { client, close } = reached.value
    try {
      const found = await withProgress(context, 'Asking servers …', client.call('findServers', {}))
      if (!found.ok) return complain(context, found)
      const held = holderOf(found.value.servers, args.operands[0] ?? '', origin)
      if (!held.ok) return complain(context, held)
      const { server, model } = held.value
      const order = client.call('unloadModel', { server: server.id, model: model.id })
      const done = await withProgress(context, `Asking ${server.name} …`, order)
      if (!done.ok) return complain(context, done)
      terminal.note(`${server.name} has let go of ${model.name}.`)
      return EXIT.done
    } finally {
      await close()
    }
  },
}

/** Who holds a model of that name or id now. */
function holderOf(
  servers: readonly ServerStatus[],
  name: string,
  origin: string | null,
): Result<Held, 'unknownModel' | 'badInput'> {
  const holding = servers
    .filter((server) => origin === null || server.origin === origin)
    .flatMap((server) => server.models.map((model): Held => ({ server, model })))
  const named = holding.filter(({ model }) => model.id === name || model.name === name)
  const [first, second] = named
  if (first === undefined) {
    const names = holding.map(({ model }) => model.name).join(', ')
    return problem('unknownModel', `No server holds ${name} now${names === '' ? '' : `; loaded: ${names}`}.`)
  }
  if (second !== undefined)
    return problem(
      'badInput',
      `${named.map(({ server }) => server.origin).join(' and ')} hold ${name}: choose with --server.`,
    )
  return { ok: true, value: first }
}
