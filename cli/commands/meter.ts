import type { Command, Context } from '../command.ts'
import { EXIT, type ExitCode, exitCodeOf } from '../exit.ts'

export const meter: Command = {
  name: 'meter',
  summary: 'stand in front of an AI server and count what it delivers, to whom',
  about: [
    'Relays every byte untouched between clients and the server at --target, and tells the engine how many tokens, images and audio seconds each request took. Point clients at --listen instead of the server (docs/metering.md has a line for each).',
    'Prompts and answers are never kept. If counting fails, the traffic flows on. Without an engine it relays all the same, and tells the next one.',
    'It listens on this machine alone. For other machines it needs --allow-remote, and a key in --key-file that clients send as their API key.',
  ],
  options: [
    { name: 'target', value: 'URL', text: 'the server, as in http://127.0.0.1:11434' },
    { name: 'listen', value: '[HOST:]PORT', text: 'where clients connect' },
    { name: 'headers', text: 'add x-perwatt-request to answers, and the energy so far where a client reads trailers' },
    { name: 'allow-remote', text: 'may listen where other machines reach it; needs --key-file' },
    { name: 'key-file', value: 'FILE', completes: 'file', text: 'file with the key that every client has to send' },
    {
      name: 'webui-secret-file',
      value: 'FILE',
      completes: 'file',
      text: 'file with FORWARD_USER_INFO_HEADER_JWT_SECRET, where Open WebUI signs who asks',
    },
  ],
  exitCodes: [['1', 'it cannot listen, or the target is itself']],
  examples: [
    {
      line: 'perwatt meter --target http://127.0.0.1:11434 --listen 11435',
      output: 'Metering http://127.0.0.1:11434 on http://127.0.0.1:11435.',
    },
    { line: 'OLLAMA_HOST=127.0.0.1:11435 ollama run qwen3:8b' },
  ],
  async run(context) {
    const { args, terminal, dataDir } = context
    const [target, listen] = [args.text('target'), args.text('listen')]
    if (target === null || listen === null) {
      const reason = `perwatt meter needs --${target === null ? 'target URL' : 'listen PORT'}.`
      terminal.complain({ ok: false, code: 'badInput', reason, remedy: null })
      return EXIT.usage
    }
    const { keepHeapSmall } = await import('../../engine/host/real/small-heap.ts')
    keepHeapSmall()
    const keys = await keysOf(context)
    if (typeof keys === 'number') return keys
    const { startMeter } = await import('../../engine/meter/meter.ts')
    const started = await startMeter({
      ...{ target, listen, dataDir, ...keys },
      ...{ allowsRemote: args.has('allow-remote'), addsHeaders: args.has('headers') },
      procfs: args.text('path.procfs') ?? '/proc',
    })
    if (!started.ok) {
      terminal.complain(started)
      return exitCodeOf(started)
    }
    terminal.note(`Metering ${started.value.target} on http://${started.value.listen}.`)
    return stopWhenAsked(context, started.value)
  },
}

async function keysOf({
  args,
  terminal,
}: Context): Promise<{ key: string | null; webUiSecret: string | null } | ExitCode> {
  const { readKeyFile } = await import('../../engine/meter/key-file.ts')
  const keys: (string | null)[] = []
  for (const name of ['key-file', 'webui-secret-file']) {
    const path = args.text(name)
    const read = path === null ? null : readKeyFile(path)
    if (read?.ok === false) {
      terminal.complain(read)
      return exitCodeOf(read)
    }
    keys.push(read?.value ?? null)
  }
  return { key: keys[0] ?? null, webUiSecret: keys[1] ?? null }
}

async function stopWhenAsked(
  { terminal }: Context,
  running: { stop(graceMs?: number): Promise<void> },
): Promise<ExitCode> {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  const name = await new Promise<string>((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve(signal))
  })
  terminal.note(`Asked to end by ${name}; requests under way may end for ten seconds. Once more ends them at once.`)
  for (const signal of signals) process.once(signal, () => process.exit(EXIT.done))
  await running.stop()
  return EXIT.done
}
