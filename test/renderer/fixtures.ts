import { type AppContract, appContract } from '../../contract/app.ts'
import type { MethodName, OutputOf } from '../../contract/define.ts'
import { type Contract, contract } from '../../contract/index.ts'
import type { Now } from '../../contract/now.ts'
import { ok, problem, type Result } from '../../contract/result.ts'
import { appsAnswer, manyModels, modelsAnswer, oneModel, requestsAnswer, serversAnswer } from './work-fixtures.ts'

type Both = Contract & AppContract
type Output<K extends MethodName<Both>> = OutputOf<Both[K]>

/** What a made-up engine and app answer to each method. */
export type Answers = { readonly [K in MethodName<Both>]?: Result<Output<K>> }

/** 25 November 2026, 14:30:00 UTC. */
export const AT_S = 1_795_617_000

type AppDraft = {
  readonly id: string
  readonly name: string
  readonly category: string
  readonly activeW: number
  readonly idleW?: number
  readonly cpuCores?: number
  readonly todayWh?: number
  readonly local?: boolean
  readonly isSelf?: boolean
  readonly processes?: number
}

const many: readonly AppDraft[] = [
  { id: 'ollama', name: 'Ollama', category: 'model-server', activeW: 24.6, idleW: 2.4, cpuCores: 5.7, todayWh: 164 },
  { id: 'comfyui', name: 'ComfyUI', category: 'image-gen', activeW: 0.3, idleW: 10.9, cpuCores: 0.02, todayWh: 88.2 },
  {
    id: 'claude-code',
    name: 'Claude Code',
    category: 'coding-agent',
    activeW: 4.1,
    cpuCores: 0.94,
    todayWh: 31.4,
    local: false,
    processes: 7,
  },
  {
    id: 'lm-studio',
    name: 'LM Studio',
    category: 'model-server',
    activeW: 1.9,
    idleW: 0.4,
    cpuCores: 0.4,
    todayWh: 12.9,
    processes: 5,
  },
  {
    id: 'cursor',
    name: 'Cursor',
    category: 'ide-assistant',
    activeW: 1.6,
    cpuCores: 0.38,
    todayWh: 9.6,
    local: false,
    processes: 14,
  },
  { id: 'open-webui', name: 'Open WebUI', category: 'chat-app', activeW: 0.9, cpuCores: 0.2, todayWh: 4.4 },
  { id: 'whisper-cpp', name: 'whisper.cpp', category: 'speech', activeW: 0.8, cpuCores: 0.19, todayWh: 2.1 },
  { id: 'jupyter', name: 'JupyterLab', category: 'notebook', activeW: 0.5, cpuCores: 0.11, todayWh: 1.8, processes: 4 },
  {
    id: 'github-copilot',
    name: 'GitHub Copilot',
    category: 'ide-assistant',
    activeW: 0.3,
    cpuCores: 0.07,
    todayWh: 1.2,
    local: false,
  },
  { id: 'chroma', name: 'Chroma', category: 'embedding', activeW: 0.2, cpuCores: 0.04, todayWh: 0.42 },
  {
    id: 'chatgpt-desktop',
    name: 'ChatGPT',
    category: 'chat-app',
    activeW: 0.04,
    cpuCores: 0.01,
    todayWh: 0.08,
    local: false,
    processes: 6,
  },
  {
    id: 'perwatt',
    name: 'Perwatt',
    category: 'other',
    activeW: 0.03,
    cpuCores: 0.004,
    todayWh: 0.03,
    isSelf: true,
    processes: 4,
  },
]

/** Twelve apps on a laptop whose package, cores, memory and card are read. */
export function fullNow(): Now {
  return nowOf({ apps: many, idleW: 9.4, otherW: 3.2, provenance: 'counter', uncertainty: 0.04 })
}

function nowOf(draft: {
  apps: readonly AppDraft[]
  idleW: number
  otherW: number
  provenance: 'counter' | 'estimate'
  uncertainty: number
}): Now {
  const { apps, idleW, otherW, provenance, uncertainty } = draft
  const aiW = sum(apps.map((app) => app.activeW + (app.idleW ?? 0)))
  const machineW = aiW + idleW + otherW
  const isEstimate = provenance === 'estimate'
  const aiMj = Math.round(sum(apps.map((app) => (app.todayWh ?? 0) * 3_600_000)))
  const domain = (
    id: string,
    kind: string,
    name: string,
    parent: string | null,
    powerW: number | null,
    own: number,
  ) => ({
    id,
    kind,
    name,
    parent,
    source: isEstimate ? 'estimate' : kind === 'gpu' ? 'nvml' : 'rapl',
    state: powerW === null ? 'pending' : 'measuring',
    powerW,
    provenance: isEstimate ? 'estimate' : kind === 'gpu' ? 'sensor' : 'counter',
    estimatedRatio: isEstimate ? 1 : 0,
    uncertainty: powerW === null ? null : own,
    reason: null,
  })
  return contract.now.output.parse({
    at: AT_S,
    intervalMs: 1_000,
    state: 'measuring',
    machine: {
      powerW: machineW,
      provenance,
      estimatedRatio: isEstimate ? 1 : 0,
      uncertainty,
      reason: null,
      aiPowerW: aiW,
      aiUncertainty: uncertainty * 1.6,
      idlePowerW: idleW,
      otherPowerW: otherW,
    },
    today: { measuredMj: Math.round(aiMj * 1.7), aiMj, coverageRatio: 0.983 },
    gaugeFullW: 60,
    ...{ overhead: null, overheadFactor: 1, coolingFactor: 1 },
    domains: isEstimate
      ? [domain('cpu/est', 'cpu', 'Processor', null, machineW, uncertainty)]
      : [
          domain('cpu/0', 'cpu', 'CPU package 0', null, machineW * 0.62, 0.03),
          domain('core/0', 'core', 'Cores', 'cpu/0', machineW * 0.44, 0.05),
          domain('dram/0', 'dram', 'Memory', null, machineW * 0.06, 0.08),
          domain('gpu/0', 'gpu', 'NVIDIA RTX 4070 Laptop', null, machineW * 0.32, 0.05),
        ],
    apps: apps.map((app) => ({
      id: app.id,
      name: app.name,
      category: app.category,
      local: app.local ?? true,
      powerW: app.activeW + (app.idleW ?? 0),
      activeW: app.activeW,
      idleW: app.idleW ?? 0,
      uncertainty: uncertainty * 2,
      shareRatio: (app.activeW + (app.idleW ?? 0)) / machineW,
      cpuCores: app.cpuCores ?? 0,
      processes: app.processes ?? 1,
      todayMj: Math.round((app.todayWh ?? 0) * 3_600_000),
      isSelf: app.isSelf ?? false,
    })),
    models: apps.some((app) => app.id === 'ollama')
      ? [
          {
            ...{ id: 'ollama/qwen3:8b', app: 'ollama', name: 'qwen3:8b Q4_K_M', state: 'ready', isRemote: false },
            ...{ powerW: 26, tokensPerS: 31.2, tokensPerJ: 1.15 },
          },
        ]
      : [],
    self: { powerW: 0.03, cpuMsPerTick: 0.41, rssBytes: 58_000_000 },
    notices: [],
  })
}

/** `forS` seconds of history that end in `now`: each app with a rhythm of its own; `gap` cuts a minute out. */
export function liveOf(now: Now, forS: number, options: { gap?: boolean } = {}): Output<'live'> {
  const at = Array.from({ length: forS }, (_, index) => now.at - forS + 1 + index)
  const isGap = (s: number) => options.gap === true && s > now.at - 420 && s < now.at - 360
  const series = (powerW: number | null, seed: number, calm: number) =>
    at.map((s) => (isGap(s) ? null : Math.max(0, (powerW ?? 0) * (calm + (1 - calm) * rhythm(s, seed)))))
  const apps = now.apps.map((app, index) => ({
    key: String(app.id),
    name: app.name,
    powerW: series(app.powerW, index + 1, app.idleW > app.activeW ? 0.94 : 0.25),
  }))
  const idleW = series(now.machine.idlePowerW, 40, 1)
  const otherW = series(now.machine.otherPowerW, 41, 0.5)
  const machineW = at.map((s, index) =>
    isGap(s) ? null : sum([...apps.map((app) => app.powerW[index] ?? 0), idleW[index] ?? 0, otherW[index] ?? 0]),
  )
  return contract.live.output.parse({
    at,
    machineW,
    idleW,
    otherW,
    estimated: now.machine.provenance === 'estimate',
    apps,
  })
}

/** Between 0 and about 1.2: stretches of work and of rest with a ripple, the same each time. */
function rhythm(s: number, seed: number): number {
  const length = 70 + ((seed * 37) % 90)
  const phase = Math.floor((s + seed * 53) / length)
  const isBusy = ((phase * 2_654_435_761 + seed * 97) >>> 7) % 3 !== 0
  const ripple = 0.1 * Math.sin(s / 3 + seed) + 0.06 * Math.sin(s * 1.7 * seed)
  return isBusy ? 1 + ripple : 0.06 + Math.abs(ripple) * 0.3
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

const estimateApps: readonly AppDraft[] = [
  { id: 'ollama', name: 'Ollama', category: 'model-server', activeW: 3.2, cpuCores: 1.4, todayWh: 0.04 },
  {
    id: 'perwatt',
    name: 'Perwatt',
    category: 'other',
    activeW: 0.02,
    cpuCores: 0.005,
    todayWh: 0.001,
    isSelf: true,
    processes: 4,
  },
]

const sourcesOf = (now: Now, options: { denied?: boolean } = {}): Output<'sources'> => {
  const isEstimate = now.machine.provenance === 'estimate'
  const source = (id: string, title: string, state: string, extra: object = {}) => ({
    id,
    title,
    state,
    domains: now.domains.filter((domain) => domain.source === id),
    reason: null,
    remedy: null,
    remedyText: null,
    lastReadS: state === 'measuring' ? now.at : null,
    faults: 0,
    cpuMsPerTick: state === 'measuring' ? 0.03 : 0,
    ...extra,
  })
  const remedyText =
    'sudo sh -c \'echo "SUBSYSTEM==\\"powercap\\", ACTION==\\"add\\", RUN+=\\"/bin/chmod -R a+r /sys%p\\"" > /etc/udev/rules.d/70-perwatt.rules && udevadm trigger -s powercap -c add\''
  const rapl = options.denied
    ? source('rapl', 'RAPL (CPU and memory counters)', 'denied', {
        reason: 'The counters are there, but Linux lets only root read them.',
        remedy: {
          kind: 'command',
          argv: ['sh'],
          asRoot: true,
          note: 'Lasts over a reboot. Anybody on this machine can then read them.',
        },
        remedyText,
      })
    : isEstimate
      ? source('rapl', 'RAPL (CPU and memory counters)', 'absent', {
          reason: 'This machine shows no RAPL counters; virtual machines rarely do.',
        })
      : source('rapl', 'RAPL (CPU and memory counters)', 'measuring', { faults: 2 })
  return contract.sources.output.parse({
    sources: [
      rapl,
      ...(isEstimate ? [] : [source('nvml', 'NVIDIA (NVML)', 'measuring')]),
      now.domains.some((domain) => domain.kind === 'wall')
        ? source('wall', 'Wall meters', 'measuring')
        : source('wall', 'Wall meters', 'absent', {
            reason:
              'No wall meter is set up. A smart plug, a UPS or a server’s controller tells what the whole machine draws.',
            remedy: { kind: 'setting', path: 'Wall meters' },
            remedyText: 'Settings › Wall meters',
          }),
      source('estimate', 'Estimate from load', isEstimate ? 'measuring' : 'absent', {
        ...(!isEstimate && { reason: 'Not needed: everything it could estimate is measured.' }),
      }),
    ],
    machine: {
      cpuModel: isEstimate ? 'Intel Xeon Platinum 8481C' : 'AMD Ryzen 7 7840HS',
      logicalCpus: isEstimate ? 2 : 16,
      osName: 'Debian GNU/Linux 12',
      virtualisation: isEstimate ? 'kvm' : null,
    },
    coverageTodayRatio: now.today.coverageRatio,
    secretKeyPlace: null,
    findings: isEstimate
      ? []
      : [{ code: 'childAboveParent', text: 'Cores read more than their package for a tick.', count: 3 }],
  })
}

const settings = (part: object = {}): Output<'settings'> =>
  contract.settings.output.parse({ firstRunDone: true, ...part })

const appInfo = (part: object = {}): Output<'appInfo'> =>
  appContract.appInfo.output.parse({
    version: '0.1.0',
    electron: '45.4.1',
    node: '24.21.0',
    trayState: 'shown',
    runtime: 'official',
    loginItem: false,
    engine: { state: 'running', reason: null, attempts: 0 },
    ...part,
  })

const catalogue = (): Output<'catalogue'> =>
  contract.catalogue.output.parse({
    apps: [
      ...many.map((app) => ({
        id: app.id,
        name: app.name,
        category: app.category,
        connector: null,
        local: app.local ?? true,
        countsAsAi: !app.isSelf,
        source: 'built-in',
        match: [`exe ${app.id}`],
      })),
      {
        id: 'user-night-train',
        name: 'Night training',
        category: 'training',
        connector: null,
        local: true,
        countsAsAi: true,
        source: 'user',
        match: ['exe nighttrain'],
      },
    ],
    rulesProblem: null,
  })

const engineInfo = (): Output<'engineInfo'> =>
  contract.engineInfo.output.parse({
    version: '0.1.0',
    pid: 4_242,
    startedS: AT_S - 30_000,
    dataDir: '/home/ada/.local/share/perwatt',
    ledger: { state: 'writing', bytes: 3_412_000, reason: null, remedy: null },
  })

/** A plug that measures, one that does not answer, and what a test of either finds. */
function withMeters(): Answers {
  const now = fullNow()
  const wall = (id: string, name: string, part: object) => ({
    ...{ id: `wall/${id}`, kind: 'wall', name, parent: null, source: 'wall', state: 'measuring', powerW: null },
    ...{ provenance: 'counter', estimatedRatio: 0, uncertainty: null, reason: null },
    ...part,
  })
  const metered = contract.now.output.parse({
    ...now,
    overhead: {
      ...{ meter: 'wall/desk-plug', meterName: 'Desk plug', provenance: 'counter' },
      ...{ powerW: 31.2, uncertainty: 0.13, ratio: 0.31, reason: null },
    },
    overheadFactor: 1.31,
    coolingFactor: 1.2,
    domains: [
      ...now.domains,
      wall('desk-plug', 'Desk plug', { powerW: 118.4, uncertainty: 0.03 }),
      wall('cellar-ups', 'UPS in the cellar', {
        state: 'failing',
        provenance: 'sensor',
        reason: 'The wall meter UPS in the cellar gives no figure: nas.local does not answer.',
      }),
    ],
  })
  const wallMeters = [
    {
      ...{ id: 'desk-plug', name: 'Desk plug', dialect: 'shelly-2', address: 'https://192.168.1.20' },
      ...{ provenance: 'counter', options: { unit: 'switch:0' }, hasSecret: true },
    },
    {
      ...{ id: 'cellar-ups', name: 'UPS in the cellar', dialect: 'nut', address: 'tcp://nas.local:3493' },
      ...{ provenance: 'sensor', options: { unit: 'ups' }, hasSecret: false },
    },
  ]
  return answersOf(metered, liveOf(metered, 900), {
    settings: ok(settings({ pricePerKwh: 0.34, wallMeters, countOverhead: true, coolingFactor: 1.2 })),
    testMeter: ok(
      contract.testMeter.output.parse({
        units: [
          {
            ...{ unit: 'switch:0', name: 'switch:0', powerW: 118.4, energyMj: 4_210_000_000 },
            provenance: 'counter',
          },
          { unit: 'switch:1', name: 'switch:1', powerW: 0, energyMj: null, provenance: 'sensor' },
        ],
        unknownCertificateSha256: null,
      }),
    ),
    traffic: ok({
      addresses: [
        { address: 'https://192.168.1.20', sentBytes: 1_204_000, receivedBytes: 9_320_000, answeredS: AT_S - 1 },
        { address: 'tcp://nas.local:3493', sentBytes: 840, receivedBytes: 0, answeredS: null },
      ],
    }),
  })
}

function answersOf(now: Now, live: Output<'live'>, more: Answers = {}): Answers {
  return {
    now: ok(now),
    live: ok(live),
    sources: ok(sourcesOf(now)),
    checkAgain: ok(sourcesOf(now)),
    settings: ok(settings({ pricePerKwh: 0.34 })),
    changeSettings: ok(settings({ pricePerKwh: 0.34 })),
    appInfo: ok(appInfo()),
    catalogue: ok(catalogue()),
    engineInfo: ok(engineInfo()),
    unnamed: ok({ processes: [] }),
    nameApp: problem('nameTaken', 'Another app is called that.'),
    forgetApp: ok({}),
    testMeter: problem('absent', 'The meter cannot be used: 192.168.1.20 does not answer.'),
    setMeter: ok({}),
    removeMeter: ok({}),
    traffic: ok({ addresses: [] }),
    apps: ok(appsAnswer()),
    models: ok(modelsAnswer()),
    requests: ok(requestsAnswer()),
    servers: ok(serversAnswer()),
    findServers: ok(serversAnswer()),
    addServer: problem('badAddress', 'http://nas.local is no address.'),
    setServerKey: ok({}),
    removeServer: ok({}),
    unloadModel: problem('cannotUnload', 'It has no way to unload; ending the server frees its memory.', {
      kind: 'command',
      argv: ['ollama', 'stop', 'qwen3:8b'],
      asRoot: false,
    }),
    setMetering: problem('portInUse', 'Another program listens on port 11435.'),
    setStartAtLogin: ok({ loginItem: true }),
    copyText: ok({}),
    pause: ok({}),
    resume: ok({}),
    ...more,
  }
}

function noRequests(): Answers {
  return { requests: ok({ rows: [], isComplete: true, keptFromS: AT_S - 14 * 86_400 }) }
}

function noWork(): Answers {
  return {
    apps: ok({ rows: [], coverageRatio: 0.02, fromS: AT_S - 86_400, toS: AT_S }),
    models: ok({ rows: [], coverageRatio: 0.02, fromS: AT_S - 86_400, toS: AT_S }),
    servers: ok({ servers: [] }),
    findServers: ok({ servers: [] }),
    ...noRequests(),
  }
}

const down = problem('engineDown', 'The engine stopped three times within a minute.')

/** The states in which a window is photographed, by name. */
export const scenes: Readonly<Record<string, () => Answers>> = {
  full: () => answersOf(fullNow(), liveOf(fullNow(), 900)),
  gap: () =>
    answersOf(fullNow(), liveOf(fullNow(), 900, { gap: true }), {
      unnamed: ok({ processes: [{ exe: 'python3.12', cpuCores: 3.4, powerW: 12.1, processes: 2 }] }),
    }),
  estimate: () => {
    const now = estimateNow(estimateApps)
    return answersOf(now, liveOf(now, 48), { settings: ok(settings()) })
  },
  empty: () => {
    const now = estimateNow([])
    return answersOf(now, liveOf(now, 300), { settings: ok(settings()), ...noWork() })
  },
  manyModels: () =>
    answersOf(fullNow(), liveOf(fullNow(), 900), { models: ok(manyModels()), requests: ok(requestsAnswer(1)) }),
  oneModel: () => answersOf(fullNow(), liveOf(fullNow(), 900), { models: ok(oneModel()), ...noRequests() }),
  workFails: () => {
    const unusable = problem('ledgerUnusable', 'The ledger cannot be read now; figures are still measured.')
    const failing = { apps: unusable, models: unusable, requests: unusable }
    return answersOf(fullNow(), liveOf(fullNow(), 900), failing)
  },
  denied: () => {
    const now = estimateNow(estimateApps)
    const sources = ok(sourcesOf(now, { denied: true }))
    return answersOf(now, liveOf(now, 20), {
      sources,
      checkAgain: sources,
      settings: ok(settings({ firstRunDone: false })),
    })
  },
  warming: () => {
    const now = withoutFigures('warming', 'The first tick is not complete.')
    return answersOf(now, emptyLive())
  },
  blind: () => answersOf(withoutFigures('blind', 'The container hides every counter.'), emptyLive()),
  paused: () => {
    const now: Now = { ...fullNow(), state: 'paused' }
    return answersOf(now, liveOf(now, 900))
  },
  notices: () => {
    const notices = [
      { code: 'diskFull', text: 'The disk is full: figures are kept in memory and nothing is written.', remedy: null },
      {
        code: 'corrupt',
        text: 'The ledger was damaged; it was set aside and a new one begun.',
        remedy: 'perwatt db salvage',
      },
    ]
    return answersOf({ ...fullNow(), notices }, liveOf(fullNow(), 900), {
      appInfo: ok(appInfo({ trayState: 'absent' })),
    })
  },
  meters: withMeters,
  meterUnknown: () => {
    const { now, ...answers } = withMeters()
    const reason = 'Known once the meter has told three figures over a whole minute.'
    const awaited = { powerW: null, uncertainty: null, ratio: null, reason }
    return {
      ...answers,
      ...(now?.ok === true &&
        now.value.overhead !== null && {
          now: ok({
            ...now.value,
            overhead: { ...now.value.overhead, ...awaited },
            overheadFactor: 1,
            coolingFactor: 1,
          }),
        }),
      testMeter: ok({
        units: [],
        unknownCertificateSha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      }),
    }
  },
  meterRefused: () => ({
    ...withMeters(),
    testMeter: problem(
      'denied',
      'The meter cannot be used: it wants a name and password or a token, or other ones than it was given.',
      { kind: 'setting', path: 'Wall meters' },
    ),
    removeMeter: problem('notWritable', 'The settings cannot be written: the disk is full.'),
  }),
  down: () => ({
    ...answersOf(fullNow(), liveOf(fullNow(), 900)),
    ...Object.fromEntries(
      [
        ...['now', 'live', 'sources', 'settings', 'catalogue', 'engineInfo', 'unnamed', 'traffic'],
        ...['apps', 'models', 'requests', 'servers'],
      ].map((name) => [name, down]),
    ),
    appInfo: ok(appInfo({ engine: { state: 'down', reason: 'It stopped three times within a minute.', attempts: 3 } })),
  }),
}

function estimateNow(apps: readonly AppDraft[]): Now {
  return nowOf({ apps, idleW: 5.1, otherW: 0.6, provenance: 'estimate', uncertainty: 0.45 })
}

function withoutFigures(state: 'warming' | 'blind', reason: string): Now {
  const now = estimateNow([])
  const machine = { ...now.machine, powerW: null, provenance: null, uncertainty: null, reason }
  return contract.now.output.parse({
    ...now,
    state,
    machine: { ...machine, aiPowerW: null, aiUncertainty: null, idlePowerW: null, otherPowerW: null },
    domains: [],
    today: { measuredMj: 0, aiMj: 0, coverageRatio: 0 },
  })
}

function emptyLive(): Output<'live'> {
  return { at: [], machineW: [], idleW: [], otherW: [], estimated: false, apps: [] }
}
