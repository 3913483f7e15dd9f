import { z } from 'zod'
import { ok } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer } from './connector.ts'
import { askJson, askToUnload, recogniseJson } from './json-answer.ts'
import { openActivity } from './llama-swap-activity.ts'
import { fileTitle, loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, quantisationInName } from './server-words.ts'

/** GET /running; older ones tell model and state alone. */
const Running = z.object({
  running: z.array(
    z.object({
      model: z.string().min(1),
      state: z.enum(['starting', 'ready', 'stopping', 'stopped', 'shutdown']),
      cmd: z.string().nullish(),
      proxy: z.string().nullish(),
    }),
  ),
})
type RunningModel = z.output<typeof Running>['running'][number]

const Version = z.object({ version: z.string(), commit: z.string() })

const STATES: Readonly<Record<RunningModel['state'], LoadedModel['state'] | null>> = {
  starting: 'loading',
  ready: 'ready',
  stopping: 'unloading',
  stopped: null,
  shutdown: null,
}

/**
 * Starts and stops other servers as models are asked for (mostlygeek/llama-swap 0bdb3720). Paths below /upstream start a model and GET /unload
 * stops all of them: neither is ever asked. Its /metrics tells of hardware alone.
 */
export const llamaSwap: Connector = {
  id: 'llama-swap',
  title: 'llama-swap',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'api',
  async identify(ask) {
    const running = await recogniseJson(ask, '/running', Running)
    if (!running.ok || running.value === null) return running.ok ? ok(null) : running
    const version = await recogniseJson(ask, '/api/version', Version)
    return version.ok ? ok(open(ask, version.value?.version ?? null)) : version
  },
}

function open(ask: Ask, version: string | null): OpenServer {
  const activity = openActivity(ask)
  let upstreams: readonly string[] = []
  return {
    unload: (model) => askToUnload(ask, `/api/models/unload/${encodeURIComponent(model.id)}`, {}),
    upstreams: () => upstreams,
    async poll() {
      const running = await askJson(ask, '/running', Running)
      if (!running.ok) return running
      const totals = await activity.take()
      if (!totals.ok) return totals
      const held = running.value.running.filter(({ state }) => STATES[state] !== null)
      upstreams = [...new Set(held.flatMap(({ proxy }) => upstreamOf(proxy ?? '') ?? []))]
      return ok({
        ...NOTHING_TOLD,
        version,
        models: held.map(told),
        totals: totals.value ?? [],
        counts: totals.value === null ? 'proxyOnly' : 'server',
      })
    },
  }
}

function told({ model, state, cmd }: RunningModel): LoadedModel {
  return loadedModel(model, {
    quantisation: quantisationInName(model) ?? quantisationInName(fileTitle(weightsIn(cmd ?? '') ?? '')),
    state: STATES[state] ?? 'ready',
  })
}

/** The file of weights in a command line; nothing else of it is looked at, since it may hold keys. */
function weightsIn(command: string): string | null {
  const [, quoted, plain] = /(?:^|\s)(?:-m|--model)[\s=]+(?:"([^"]{1,4096})"|([^\s"]{1,4096}))/.exec(command) ?? []
  return quoted ?? plain ?? null
}

/** Spelled as the table of sockets gives it: "localhost" is 127.0.0.1. */
function upstreamOf(proxy: string): string | null {
  const url = URL.canParse(proxy) ? new URL(proxy) : null
  if (url === null || !url.protocol.startsWith('http')) return null
  if (url.hostname === 'localhost') url.hostname = '127.0.0.1'
  return url.origin
}
