import type { AppId } from '../../contract/ids.ts'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { AddedServer } from '../../contract/servers.ts'
import type { Connector } from '../connectors/connector.ts'
import type { Host, ProcessKey } from '../host/host.ts'
import { askHere, askThere } from './asking.ts'
import { dialectsOf } from './dialects.ts'
import { elsewhereApp } from './elsewhere.ts'
import { createModelNames } from './model-names.ts'
import { PolledServer } from './polled-server.ts'
import { viewOfServer } from './server-views.ts'
import type { HeldModel, ServerOutput, Servers } from './servers.ts'
import { whereTheyListen } from './where-they-listen.ts'

/** What is known of an app that may serve: its dialects by id, most likely first, and where it listens unless told otherwise. */
export type ServingApp = {
  readonly name: string
  readonly dialects: readonly string[]
  readonly ports: readonly number[]
}

export type HubParts = {
  readonly host: Host
  readonly connectors: readonly Connector[]
  /** Processes of apps, and which app each belongs to. */
  readonly processes: () => { tracked(): Iterable<ProcessKey>; appOf(pid: number): AppId | null }
  /** `null` where the app serves nothing that we could ask. */
  readonly servingApp: (app: AppId) => ServingApp | null
  readonly added: () => readonly AddedServer[]
  /** Key of a server, kept as a secret; `null` where it has none. */
  readonly keyOf: (origin: string) => string | null
  /** Origins of our own metering proxies: never asked, since they would lead to a server that is asked already. */
  readonly ownOrigins: () => readonly string[]
}

/** The table of sockets is looked through this often where processes came or went, and this often where none did. */
const LOOK_MS = 5_000
const LOOK_ANYWAY_MS = 60_000

export function createServers(parts: HubParts): Servers {
  const { host, connectors } = parts
  const { clock } = host
  const servers = new Map<string, PolledServer>()
  const names = createModelNames()
  let lookedMs = Number.NEGATIVE_INFINITY
  let tracked = ''
  let hasChanged = false

  function lookForServers(force = false): void {
    const nowMs = clock.monotonicMs()
    if (!force && nowMs - lookedMs < LOOK_MS) return
    const sampler = parts.processes()
    const serving = new Map<number, { key: ProcessKey; app: AppId; what: ServingApp }>()
    for (const key of sampler.tracked()) {
      const app = sampler.appOf(key.pid)
      const what = app === null ? null : parts.servingApp(app)
      if (app !== null && what !== null) serving.set(key.pid, { key, app, what })
    }
    const now = Array.from(serving.values(), ({ key }) => `${key.pid}.${key.startTicks}`).join()
    if (!force && now === tracked && nowMs - lookedMs < LOOK_ANYWAY_MS) return
    if (now !== tracked) for (const server of servers.values()) server.lookSoon(nowMs)
    tracked = now
    lookedMs = nowMs
    const found = new Map<string, { app: AppId; key: ProcessKey; what: ServingApp }>()
    const own = parts.ownOrigins()
    for (const { pid, origin } of whereTheyListen(
      host,
      new Map(Array.from(serving, ([pid, { what }]) => [pid, what.ports])),
    )) {
      const process = serving.get(pid)
      if (process !== undefined && !own.includes(origin) && !found.has(origin)) found.set(origin, process)
    }
    keepFound(found, nowMs)
    keepAdded(nowMs)
  }

  function keepFound(
    found: ReadonlyMap<string, { app: AppId; key: ProcessKey; what: ServingApp }>,
    nowMs: number,
  ): void {
    for (const [origin, { app, key, what }] of found) {
      const processKey = `${key.pid}.${key.startTicks}`
      const known = servers.get(origin)
      if (known?.processKey === processKey && known.app === app) continue
      drop(origin)
      const dialects = dialectsOf(what.dialects, isPart(key.pid, app), connectors)
      const ask = askHere(host, origin, () => parts.keyOf(origin))
      servers.set(origin, new PolledServer({ origin, app, processKey, ask, dialects, nowMs }))
    }
    const added = new Set(parts.added().map(({ origin }) => origin))
    for (const [origin, server] of servers)
      if (!found.has(origin) && !(server.processKey === null && added.has(origin))) drop(origin)
  }

  function keepAdded(nowMs: number): void {
    for (const { origin, certificateSha256 } of parts.added()) {
      if (servers.has(origin) || parts.ownOrigins().includes(origin.replace('//localhost:', '//127.0.0.1:'))) continue
      const key = () => parts.keyOf(origin)
      const ask = isLoopback(origin)
        ? askHere(host, origin, key)
        : askThere(host.contact(origin, { certificateSha256 }), key)
      servers.set(origin, new PolledServer({ origin, app: null, processKey: null, ask, dialects: connectors, nowMs }))
    }
  }

  function drop(origin: string): void {
    const server = servers.get(origin)
    if (server === undefined) return
    server.isClosed = true
    servers.delete(origin)
    hasChanged = true
  }

  /** A process below another one of the same app. */
  function isPart(pid: number, app: AppId): boolean {
    const parent = parentOf(host, pid)
    return parent !== null && parts.processes().appOf(parent) === app
  }

  /** Front ends tell who stands behind them: what those count is not counted twice. */
  function frontOf(origin: string): string | null {
    for (const server of servers.values())
      if (server.origin !== origin && server.upstreams.includes(origin)) return server.origin
    return null
  }

  /** The innermost server that counts is the one whose figures stand. */
  function isCountedElsewhere(server: PolledServer): boolean {
    const inner = server.upstreams.flatMap((origin) => servers.get(origin) ?? [])
    return inner.length > 0 && inner.every((one) => one.report?.counts === 'server')
  }

  /** Where only some of the servers behind it count, a front end that counts stands for all of them. */
  function isCountedInFront(server: PolledServer): boolean {
    const front = frontOf(server.origin)
    const inFront = front === null ? undefined : servers.get(front)
    return inFront?.report?.counts === 'server' && !isCountedElsewhere(inFront)
  }

  function countedAs({ app, origin }: PolledServer): AppId {
    return app ?? elsewhereApp(origin)
  }

  function held(server: PolledServer): HeldModel[] {
    const { report, connector } = server
    if (report === null) return []
    const app = countedAs(server)
    return report.models.map((model) => ({
      ...model,
      // The only model of a server is in the process that answers, unless it names another.
      pids: model.pids.length === 0 && report.models.length === 1 ? pidsOf(server) : model.pids,
      isRemote: model.isRemote || server.app === null,
      modelId: names.idOf(app, model.name, model.quantisation),
      app,
      server: server.origin,
      engine: connector?.title ?? '',
    }))
  }

  /** A model that front end and upstream both name is the upstream's, which knows what it holds. */
  function allHeld(): HeldModel[] {
    return [...servers.values()].flatMap((server) => {
      const models = held(server)
      const inner = new Set(server.upstreams.flatMap((origin) => held1(origin)))
      return models.filter((model) => !inner.has(model.modelId))
    })
  }
  const held1 = (origin: string) => {
    const server = servers.get(origin)
    return server === undefined ? [] : held(server).map(({ modelId }) => modelId)
  }

  function outputOf(server: PolledServer): ServerOutput[] {
    const rises = server.takeRises()
    const app = countedAs(server)
    if (isCountedElsewhere(server) || isCountedInFront(server)) return []
    const models = held(server)
    const only = models.length === 1 ? (models[0] as HeldModel).modelId : null
    return rises.map(({ model, ...rise }) => ({
      ...rise,
      app,
      isRemote: server.app === null,
      model:
        model === null
          ? only
          : (models.find((one) => one.name === model || one.id === model)?.modelId ?? names.idOf(app, model)),
    }))
  }

  return {
    tick(busyApps) {
      lookForServers()
      for (const server of servers.values()) {
        server.tick(clock, server.app !== null && busyApps.has(server.app))
        if (server.takeChanged()) hasChanged = true
      }
    },
    models: () => allHeld(),
    idleApps() {
      const byApp = Map.groupBy(
        [...servers.values()].filter(({ app }) => app !== null),
        ({ app }) => app as AppId,
      )
      return [...byApp].filter(([, own]) => own.every((server) => server.isIdle)).map(([app]) => app)
    },
    takeOutput: () => [...servers.values()].flatMap(outputOf),
    views: () =>
      Array.from(servers.values(), (server) =>
        viewOfServer(server, {
          name: nameOf(server),
          isAdded: server.processKey === null,
          isSeen: server.app !== null,
          behind: frontOf(server.origin),
          models: held(server),
          wallOffsetMs: clock.wallMs() - clock.monotonicMs(),
        }),
      ),
    counts: (app) =>
      [...servers.values()].some((server) => countedAs(server) === app && server.report?.counts === 'server'),
    appAt(origin) {
      const server = servers.get(origin)
      return server === undefined ? null : countedAs(server)
    },
    modelAt(origin, name) {
      const server = servers.get(origin)
      if (server === undefined) return null
      const known = held(server).find((one) => one.name === name || one.id === name)
      return known?.modelId ?? names.idOf(countedAs(server), name)
    },
    connectorAt: (origin) => servers.get(origin)?.connector ?? null,
    async find() {
      lookForServers(true)
      await Promise.all(Array.from(servers.values(), (server) => server.look(clock)))
    },
    async unload(origin, model) {
      const server = servers.get(origin)
      if (server === undefined) return problem('unknownServer', `There is no server at ${origin}.`)
      const one = held(server).find(({ modelId }) => modelId === model)
      if (one === undefined) return problem('unknownModel', `${nameOf(server)} holds no such model now.`)
      if (server.unload === null)
        return problem('cannotUnload', `${nameOf(server)} has no way to let go of a model but to stop it.`)
      const done: Result<null, 'absent' | 'denied' | 'starting' | 'foreign' | 'broken'> = await server.unload(one)
      if (!done.ok) return done
      await server.look(clock)
      return ok(null)
    },
    pending() {
      const looking = [...servers.values()].flatMap((server) => server.looking ?? [])
      return looking.length === 0 ? null : Promise.all(looking).then(() => {})
    },
    takeChanged() {
      const changed = hasChanged
      hasChanged = false
      return changed
    },
    close() {
      for (const origin of [...servers.keys()]) drop(origin)
    },
  }

  function nameOf(server: PolledServer): string {
    if (server.app !== null) return parts.servingApp(server.app)?.name ?? server.app
    return parts.added().find(({ origin }) => origin === server.origin)?.name ?? server.origin
  }
}

function pidsOf({ processKey }: PolledServer): readonly number[] {
  return processKey === null ? [] : [Number.parseInt(processKey, 10)]
}

/** Field 4 of /proc/PID/stat, behind the name, which may hold anything (proc_pid_stat(5)); `null` where it is not shown. */
function parentOf(host: Host, pid: number): number | null {
  const stat = host.platform === 'linux' ? host.files.text(`/proc/${pid}/stat`) : null
  const [, parent] = stat?.ok === true ? (/^.*\) \S (\d+) /s.exec(stat.value) ?? []) : []
  return parent === undefined ? null : Number(parent)
}

function isLoopback(origin: string): boolean {
  return /^http:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(origin)
}
