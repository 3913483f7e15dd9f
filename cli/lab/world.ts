import { setTimeout as sleep } from 'node:timers/promises'
import type { PerwattClient } from '../../contract/index.ts'
import { ok, type Result } from '../../contract/result.ts'
import type { ServerStatus } from '../../contract/servers.ts'
import type { LabModel } from '../../engine/lab/plan.ts'
import type { LabWorld } from '../../engine/lab/world.ts'
import { askChat } from './ask-chat.ts'

/** A lab's world as it is: the engine over its contract, servers over loopback, the system's clock. */
export function realWorld(client: PerwattClient, stop: AbortSignal): LabWorld {
  const nowMs = () => performance.now()
  return {
    nowMs,
    async wait(lengthMs) {
      await sleep(lengthMs, undefined, { signal: stop }).catch((error) => {
        if (!stop.aborted) throw error
      })
    },
    async mark() {
      const marked = await client.call('markEnergy', {})
      return marked.ok ? ok(marked.value.atMs) : marked
    },
    energyBetween: (app, fromMs, toMs) => client.call('energyBetween', { app, fromMs, toMs }),
    chat: (model, chat) => askChat(model, chat, nowMs, stop),
    async unload(model): Promise<Result<unknown>> {
      const told = await client.call('servers', {})
      if (!told.ok) return told
      const held = heldBy(told.value.servers, model)
      return held === undefined ? ok(null) : client.call('unloadModel', { server: model.origin, model: held.id })
    },
    stop,
  }
}

function heldBy(servers: readonly ServerStatus[], { origin, name }: LabModel) {
  return servers.find((server) => server.origin === origin)?.models.find((model) => model.name === name)
}
