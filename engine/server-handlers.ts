import type { PerwattHandlers } from '../contract/index.ts'
import { ok, problem } from '../contract/result.ts'
import type { ServerStatus } from '../contract/servers.ts'
import type { Events } from './events.ts'
import type { MeasuredMachine } from './machine.ts'

const NO_SECRETS = problem('noSecrets', 'This engine has no data directory, so it can keep no key.')

/** AI servers: found, added, asked to let go of a model, metered. */
export function serverHandlers(machine: MeasuredMachine, events: Events) {
  const { settings, working, metering, serverKeys } = machine

  function statuses(): ServerStatus[] {
    return working.servers.views().map((view) => ({ ...view, meter: metering.viewOf(view) }))
  }

  function statusOf(origin: string): ServerStatus | null {
    return statuses().find(({ id }) => id === origin) ?? null
  }

  async function changed(): Promise<void> {
    await working.servers.find()
    events.emit('serversChanged', {})
    events.emit('settingsChanged', settings.current)
  }

  return {
    servers: () => ok({ servers: statuses() }),
    findServers: async () => {
      await working.servers.find()
      return ok({ servers: statuses() })
    },
    addServer: async ({ key, ...server }) => {
      if (!URL.canParse(server.origin)) return problem('badAddress', `${server.origin} is no address.`)
      if (key !== undefined) {
        if (serverKeys === null) return NO_SECRETS
        const kept = serverKeys.keep(server.origin, key)
        if (!kept.ok) return problem('notWritable', kept.reason, kept.remedy)
      }
      const others = settings.current.servers.filter(({ origin }) => origin !== server.origin)
      const saved = settings.change({ servers: [...others, server] })
      if (!saved.ok) return saved
      await changed()
      return ok(statusOf(server.origin) ?? asking(server))
    },
    removeServer: async ({ origin }) => {
      const others = settings.current.servers.filter((server) => server.origin !== origin)
      if (others.length === settings.current.servers.length)
        return problem('unknownServer', `No server at ${origin} was added.`)
      const switched = await metering.switchOff(origin)
      if (!switched.ok) return switched
      const forgotten = serverKeys?.forget(origin) ?? ok(null)
      if (!forgotten.ok) return problem('notWritable', forgotten.reason, forgotten.remedy)
      const saved = settings.change({ servers: others })
      if (!saved.ok) return saved
      await changed()
      return ok({})
    },
    setServerKey: async ({ origin, key }) => {
      if (statusOf(origin) === null) return problem('unknownServer', `There is no server at ${origin}.`)
      if (serverKeys === null) return NO_SECRETS
      const kept = key === null ? serverKeys.forget(origin) : serverKeys.keep(origin, key)
      if (!kept.ok) return problem('notWritable', kept.reason, kept.remedy)
      await changed()
      return ok({})
    },
    unloadModel: async ({ server, model }) => {
      const done = await working.servers.unload(server, model)
      if (!done.ok) return done
      events.emit('serversChanged', {})
      return ok({})
    },
    setMetering: async ({ server, on, listen }) => {
      const status = statusOf(server)
      if (status === null) return problem('unknownServer', `There is no server at ${server}.`)
      const switched = on ? await metering.switchOn(server, listen) : await metering.switchOff(server)
      if (!switched.ok) return switched
      events.emit('serversChanged', {})
      return ok(statusOf(server) ?? status)
    },
  } satisfies Partial<PerwattHandlers>
}

/** Just added: nothing has answered yet. */
function asking({ origin, name }: { readonly origin: string; readonly name: string }): ServerStatus {
  return {
    id: origin,
    origin,
    app: null,
    name,
    connector: null,
    title: null,
    version: null,
    state: 'asking',
    reason: null,
    remedy: null,
    remedyText: null,
    isAdded: true,
    energy: 'elsewhere',
    counts: 'proxyOnly',
    models: [],
    inFlight: null,
    waiting: null,
    canUnload: false,
    lastAnswerS: null,
    meter: null,
    behind: null,
  }
}
