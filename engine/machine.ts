import type { AppId } from '../contract/ids.ts'
import type { Now } from '../contract/now.ts'
import { appFactors } from '../contract/overhead.ts'
import { ok, problem, type Result, remedyText } from '../contract/result.ts'
import type { AgentHome } from './agent-usage.ts'
import { type AppView, viewOfApp } from './apps.ts'
import { type Adopted, type Calibrator, createCalibrator } from './calibration/calibrator.ts'
import { CALIBRATION_KEY } from './calibration/kept-fit.ts'
import { builtInApps } from './catalogue/catalogue.ts'
import { type Catalogue, compileCatalogue } from './catalogue/match.ts'
import { configuredMeters } from './configured-meters.ts'
import { floorKey, type HistoryKeeper, openHistory } from './history-keeper.ts'
import type { Host } from './host/host.ts'
import type { EngineFault, EngineOptions } from './index.ts'
import { createLatestOverhead } from './latest-overhead.ts'
import type { Ledger } from './ledger/ledger.ts'
import { type QueryClient, queryClient } from './ledger/query-client.ts'
import { openReader } from './ledger/reader.ts'
import { homeZone } from './ledger/zone.ts'
import { createLiveRing, type LiveRing } from './live.ts'
import { type Measuring, startMeasuring } from './measuring.ts'
import { identityKey } from './meter/identity-key.ts'
import { meterProcesses } from './meter/meter-processes.ts'
import { createMetering, type Metering } from './metering.ts'
import { buildNow } from './now.ts'
import { originOfListener, type ServerKeys, serverKeys } from './server-keys.ts'
import { elsewhereApp, isElsewhere } from './servers/elsewhere.ts'
import { projectKeyOf } from './store/project-key.ts'
import { openRules, type RulesFile } from './store/rules-file.ts'
import { keyInFile } from './store/secret-key.ts'
import { openSecrets, type SecretsFile } from './store/secrets-file.ts'
import { openSettings, type SettingsFile, settingsPath } from './store/settings-file.ts'
import { createStretches, type Stretches } from './stretches.ts'
import type { Ticked } from './tick.ts'
import { createToday, type Today } from './today.ts'
import { createWorking, type Working } from './working.ts'

/** The gauge's full scale until a week has taught another: what a small card at work draws, W. */
const FIRST_GAUGE_W = 50
const REFRESH_MS = 60_000
/** The gauge's scale adapts slowly: a question an hour to a week of history. */
const GAUGE_EVERY_MS = 3_600_000

/** One machine being measured: its parts and its state between two ticks. Knows nothing of who asks. */
export interface MeasuredMachine {
  readonly host: Host
  readonly measuring: Measuring
  readonly working: Working
  readonly metering: Metering
  /** `null` where there is no data directory to keep them in. */
  readonly serverKeys: ServerKeys | null
  readonly calibrator: Calibrator
  readonly history: HistoryKeeper | null
  readonly settings: SettingsFile
  /** `null` where there is no data directory to keep them in. */
  readonly secrets: SecretsFile | null
  readonly rules: RulesFile
  readonly live: LiveRing
  readonly stretches: Stretches
  readonly today: Today
  readonly startedS: number
  catalogue(): Catalogue
  describe(id: AppId): AppView
  nowS(): number
  tick(): void
  now(): Now
  /** CPU time of the whole machine ÷ interval in the newest tick. */
  busyCores(): number
  pause(forS: number | null): void
  resume(): void
  checkAgain(): Promise<void>
  /** Rules or the user's word on what counts as AI have changed. */
  appsChanged(what: 'rules' | 'countAsAi'): void
  /** A fit came to count (`null`: none does any longer): it is kept, and the estimate draws by it. */
  fitChanged(adopted: Adopted | null): void
  /** `true` once after domains came or went. */
  takeSourcesChanged(): boolean
  /** `true` once after servers or their models came or went. */
  takeServersChanged(): boolean
  close(): Promise<void>
}

export async function openMachine(host: Host, options: EngineOptions): Promise<Result<MeasuredMachine, EngineFault>> {
  const { clock } = host
  const nowS = () => Math.floor(clock.wallMs() / 1_000)
  const opened = openLedgerOf(host, options)
  if (opened !== null && !opened.ok) return opened
  const ledger = opened?.value.ledger ?? null
  const settings = openSettings(options.settingsFile ?? settingsPath(options.dataDir))
  const rules = openRules(options.dataDir)
  const secrets =
    options.dataDir === null ? null : openSecrets(options.dataDir, options.secretKey ?? keyInFile(options.dataDir))
  const compile = () => compileCatalogue(builtInApps(), rules.current, host.platform)
  let catalogue = compile()
  const views = new Map<AppId, AppView>()
  const facts = await host.facts()
  const ownPids = [...(host.selfPid === null ? [] : [host.selfPid]), ...(options.ownPids ?? [])]
  const calibrator = createCalibrator({
    facts,
    timeZone: options.timeZone,
    kept: keptCalibration(ledger, options.dataDir),
  })
  const keys = serverKeys(secrets)
  const metering = createMetering({
    processes:
      options.dataDir === null || options.meterFile === undefined || options.mode === 'simulated'
        ? null
        : meterProcesses(options.meterFile, options.dataDir),
    settings: () => settings.current.metering,
    change: (meters) => settings.change({ metering: [...meters] }),
    clientSetting: (target) => working.servers.connectorAt(target)?.clientSetting ?? null,
    nowMs: () => clock.wallMs(),
  })
  const working: Working = createWorking({
    host,
    catalogue: () => catalogue,
    sampler: () => measuring.sampler(),
    views: () => measuring.book.views(nowS()),
    describe,
    shareRatio: () => measuring.shareRatio,
    ledger,
    added: () => settings.current.servers,
    keyOf: (origin) => keys?.keyOf(origin) ?? null,
    agentHome: agentHomeOf(options),
    ownOrigins: () => settings.current.metering.map(({ listen }) => originOfListener(listen)),
  })
  const measuring: Measuring = await startMeasuring({
    host,
    facts,
    calibrator,
    catalogue: () => catalogue,
    selfPids: () => ownPids,
    work: working.tickWork,
    wallMeters: () => options.wallMeters ?? configuredMeters(settings.current.wallMeters, secrets),
    keptFloor: (leaf) => parseJson(ledger?.state(floorKey(leaf as never)) ?? null),
  })

  function describe(id: AppId): AppView {
    let view = views.get(id)
    if (view === undefined) {
      view = viewOfApp(catalogue, settings.current.countAsAi, id)
      if (isElsewhere(id)) view = { ...view, name: nameElsewhere(id), category: 'model-server', local: false }
      views.set(id, view)
    }
    return view
  }

  function nameElsewhere(id: AppId): string {
    const server = settings.current.servers.find(({ origin }) => elsewhereApp(origin) === id)
    return server?.name ?? id
  }

  const history =
    opened === null
      ? null
      : opened.value.keep({
          book: measuring.book,
          describe,
          shareRatio: measuring.shareRatio,
          wallMs: () => clock.wallMs(),
          calibration: () => calibrator.state(),
          questions: questionsOf(host, options, options.dataDir ?? ''),
          ...(options.mode === 'simulated' ? { flushMs: 600_000 } : {}),
        })
  history?.describeDomains()
  history?.ledger.keepRequestsFor(settings.current.requestDays)
  const live = createLiveRing()
  const stretches = createStretches()
  const overhead = createLatestOverhead()
  const today = createToday(homeZone(options.timeZone))
  const kept = readKept(options.dataDir, today.dayStartS(nowS()), nowS())
  today.begin(kept.today, nowS())

  let last: Ticked | null = null
  let paused: { untilMs: number | null } | null = null
  let pausedFromS = 0
  let refreshedMs = clock.monotonicMs()
  let gaugeFullW = kept.gaugeFullW ?? FIRST_GAUGE_W
  let gaugedMs = clock.monotonicMs()
  let sourcesChanged = false
  let isClosed = false
  let changing: Promise<void> = Promise.resolve()
  const cost = createCost()

  function tick(): void {
    if (paused !== null) {
      if (paused.untilMs === null || clock.monotonicMs() < paused.untilMs) return
      resume()
    }
    const ticked = measuring.tick()
    last = ticked
    live.push({ fromMs: ticked.fromMs, toMs: ticked.toMs, atS: nowS() })
    for (const attribution of ticked.attributions) {
      if (isWhole(attribution.domain)) continue
      live.add(attribution)
      today.add(attribution)
    }
    today.pass(nowS(), (ticked.toMs - ticked.fromMs) / 1_000, ticked.gap === null)
    stretches.take(ticked)
    overhead.take(ticked.overheads)
    history?.keep(ticked)
    working.keep(ticked)
    cost.tick()
    if (ticked.resumed) void checkAgain()
    else if (clock.monotonicMs() - refreshedMs >= REFRESH_MS) refresh()
  }

  const wholes = new Set<string>()
  function isWhole(domain: string): boolean {
    return wholes.has(domain)
  }
  function noteScopes(): void {
    wholes.clear()
    for (const view of measuring.book.views(nowS())) if (view.scope === 'whole') wholes.add(view.leafId)
  }
  noteScopes()
  working.noteDomains()

  function refresh(): void {
    refreshedMs = clock.monotonicMs()
    if (options.mode !== 'simulated') history?.maintain()
    const adopted = calibrator.consider(nowS())
    if (adopted === null) measuring.refresh()
    else fitChanged(adopted)
    if (clock.monotonicMs() - gaugedMs >= GAUGE_EVERY_MS) void adaptGauge()
    void changeSources(async () => {
      if (await measuring.giveUpBroken(nowS())) return
      if (await measuring.sources.wouldFindMore()) await measuring.probe()
    })
  }

  function fitChanged(adopted: Adopted | null): void {
    const restated = adopted?.restated ?? null
    if (restated !== null) history?.restate(restated.domain, restated.gainRatio)
    history?.saveCalibration()
    measuring.refresh()
  }

  async function adaptGauge(): Promise<void> {
    gaugedMs = clock.monotonicMs()
    const most = await history?.ask('weekMaximumAiPower', { nowS: nowS() })
    if (most?.ok && most.value !== null) gaugeFullW = most.value
  }

  measuring.onDomainsChanged(() => {
    noteScopes()
    working.noteDomains()
    history?.describeDomains()
    sourcesChanged = true
  })

  /** One change of sources at a time, in the order in which they were asked for. */
  function changeSources(change: () => Promise<void>): Promise<void> {
    changing = changing.then(change)
    return changing
  }

  function checkAgain(): Promise<void> {
    return changeSources(async () => {
      await measuring.probe()
      refreshedMs = clock.monotonicMs()
    })
  }

  /** A keyring may ask its user first: nothing waits for that, and what it opens is looked at then. */
  async function openSecretsLater(): Promise<void> {
    if ((await secrets?.ready('secret')) === true && !isClosed) await checkAgain()
  }
  void openSecretsLater()
  metering.resume()

  function resume(): void {
    if (paused === null) return
    paused = null
    measuring.restart('paused')
    history?.ledger.gap({ fromS: pausedFromS, toS: nowS(), cause: 'paused' })
  }

  function state(): Now['state'] {
    if (paused !== null) return 'paused'
    const inner = measuring.book.views(nowS()).filter((view) => view.scope === 'inner')
    if (inner.some((view) => view.latest !== null)) return 'measuring'
    return inner.some((view) => view.state !== 'failing') ? 'warming' : 'blind'
  }

  return ok({
    host,
    measuring,
    calibrator,
    working,
    metering,
    serverKeys: keys,
    fitChanged,
    history,
    settings,
    secrets,
    rules,
    live,
    stretches,
    today,
    startedS: nowS(),
    catalogue: () => catalogue,
    describe,
    nowS,
    tick,
    now() {
      const views = measuring.book.views(nowS())
      const latest = overhead.now(views, clock.monotonicMs())
      return buildNow({
        atS: nowS(),
        intervalMs: last === null ? 0 : last.toMs - last.fromMs,
        state: state(),
        views,
        activity: last?.activity ?? null,
        describe,
        shareRatio: measuring.shareRatio,
        today: today.totals((id) => describe(id).countsAsAi),
        gaugeFullW,
        self: cost.read(host.selfPid !== null),
        overhead: latest,
        factors: appFactors(settings.current, latest?.ratio ?? null),
        models: working.models(),
        notices: notices(),
      })
    },
    busyCores: () => (last?.activity == null ? 0 : last.activity.busyMs / last.activity.intervalMs),
    pause(forS) {
      if (paused === null) pausedFromS = nowS()
      paused = { untilMs: forS === null ? null : clock.monotonicMs() + forS * 1_000 }
      history?.flush()
    },
    resume,
    checkAgain() {
      void openSecretsLater()
      return checkAgain()
    },
    appsChanged(what) {
      views.clear()
      history?.forgetApps()
      if (what === 'countAsAi') return
      catalogue = compile()
      measuring.rematch()
    },
    takeServersChanged: () => working.servers.takeChanged(),
    takeSourcesChanged() {
      const changed = sourcesChanged
      sourcesChanged = false
      return changed
    },
    async close() {
      isClosed = true
      await changing
      resume()
      working.close()
      await history?.close()
      measuring.close()
    },
  })

  function notices(): Now['notices'] {
    const list: Now['notices'] = []
    for (const notice of history?.ledger.notices ?? []) {
      list.push({
        code: notice.code,
        text: notice.text,
        remedy: notice.remedy === null ? null : remedyText(notice.remedy),
      })
    }
    const status = history?.ledger.status
    if (status !== undefined && status.reason !== null) {
      list.push({
        code: `ledger-${status.state}`,
        text: status.reason,
        remedy: status.remedy === null ? null : remedyText(status.remedy),
      })
    }
    if (settings.notice !== null) list.push({ code: 'settings', text: settings.notice, remedy: null })
    if (rules.fault !== null) list.push({ code: 'rules', text: rules.fault, remedy: null })
    return list
  }
}

/** Without the installation's own secret no folder can be named, so no log is read. */
function agentHomeOf({ userHome, dataDir }: EngineOptions): AgentHome | null {
  if (userHome == null || dataDir === null) return null
  const secret = identityKey(dataDir)
  return secret.ok ? { ...userHome, projectKey: projectKeyOf(secret.value) } : null
}

function openLedgerOf(host: Host, options: EngineOptions) {
  if (options.dataDir === null || options.history === false) return null
  return openHistory({
    directory: options.dataDir,
    timeZone: options.timeZone,
    nowS: Math.floor(host.clock.wallMs() / 1_000),
    synchronous: options.mode === 'simulated' ? 'off' : 'full',
    ...(options.finestS === undefined ? {} : { finestS: options.finestS }),
  })
}

/** A simulation is over before a thread has started, and its clock could not end one. */
function questionsOf(
  { clock }: Host,
  { mode, threadFile }: EngineOptions,
  directory: string,
): Pick<QueryClient, 'ask' | 'close'> {
  if (mode !== 'simulated')
    return queryClient({ directory, clock, ...(threadFile === undefined ? {} : { threadFile }) })
  return {
    async ask(name, input) {
      const reader = openReader(directory)
      if (!reader.ok) return reader
      const answer = reader.value.ask(name, input)
      reader.value.close()
      return answer
    },
    close: async () => {},
  }
}

/** What the ledger holds of today and of the last week; read once, in this process, before the first tick. */
function readKept(dataDir: string | null, dayStartS: number, nowS: number) {
  const nothing = { today: { measuredMj: 0, coverageRatio: 1, apps: [] }, gaugeFullW: null }
  const reader = dataDir === null ? problem('noHistory', '') : openReader(dataDir)
  if (!reader.ok) return nothing
  const today = reader.value.ask('todayByApp', { dayStartS, nowS })
  const gauge = reader.value.ask('weekMaximumAiPower', { nowS })
  reader.value.close()
  return { today: today.ok ? today.value : nothing.today, gaugeFullW: gauge.ok ? gauge.value : null }
}

/** Where another engine writes the ledger, or nobody does now, what it holds is read all the same. */
function keptCalibration(ledger: Ledger | null, dataDir: string | null): unknown {
  if (ledger !== null || dataDir === null) return parseJson(ledger?.state(CALIBRATION_KEY) ?? null)
  const reader = openReader(dataDir)
  if (!reader.ok) return null
  const saved = reader.value.ask('savedState', { key: CALIBRATION_KEY })
  reader.value.close()
  return saved.ok ? parseJson(saved.value) : null
}

function parseJson(text: string | null): unknown {
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The engine's own CPU time per tick, over the last ticks rather than since the start. */
function createCost() {
  const WINDOW_TICKS = 60
  let ticks = 0
  let from = process.cpuUsage()
  let perTickMs = 0
  return {
    tick() {
      ticks += 1
      if (ticks < WINDOW_TICKS) return
      const used = process.cpuUsage(from)
      perTickMs = (used.user + used.system) / 1_000 / ticks
      from = process.cpuUsage()
      ticks = 0
    },
    read: (isOnThisMachine: boolean) => ({
      cpuMsPerTick: isOnThisMachine ? perTickMs : 0,
      rssBytes: isOnThisMachine ? process.memoryUsage.rss() : 0,
    }),
  }
}
