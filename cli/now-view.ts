import type { Now, NowApp, NowDomain, NowModel } from '../contract/now.ts'
import { totalFactor } from '../contract/overhead.ts'
import { amount, clockTime, cores, energy, isoTime, plusMinus, power, share } from './format.ts'
import type { NowJson } from './shapes.ts'
import { type Column, table } from './table.ts'
import type { Terminal } from './terminal.ts'

const appColumns: readonly Column<NowApp>[] = [
  { title: 'APP', isElastic: true, text: (app) => (app.local ? app.name : `${app.name} (remote)`) },
  { title: 'POWER', align: 'right', text: (app) => power(app.powerW) },
  { title: '', text: (app) => plusMinus(app.powerW, app.uncertainty) },
  { title: 'SHARE', align: 'right', text: (app) => share(app.shareRatio) },
  { title: 'ACTIVE', align: 'right', text: (app) => power(app.activeW) },
  { title: 'IDLE', align: 'right', text: (app) => power(app.idleW) },
  { title: 'CORES', align: 'right', text: (app) => cores(app.cpuCores) },
  { title: 'PROCESSES', align: 'right', text: (app) => String(app.processes) },
]

const modelColumns: readonly Column<NowModel>[] = [
  { title: 'MODEL', isElastic: true, text: (model) => (model.isRemote ? `${model.name} (remote)` : model.name) },
  { title: 'APP', text: (model) => model.app },
  { title: 'STATE', text: (model) => model.state },
  { title: 'POWER', align: 'right', text: (model) => power(model.powerW) },
  { title: 'TOKENS/S', align: 'right', text: (model) => amount(model.tokensPerS) },
  {
    title: 'TOKENS/J',
    align: 'right',
    text: (model) => (model.isRemote ? 'computed elsewhere' : amount(model.tokensPerJ)),
  },
]

const todayColumn: Column<NowApp> = { title: 'TODAY', align: 'right', text: (app) => energy(app.todayMj) }

const domainColumns: readonly Column<NowDomain>[] = [
  { title: 'DOMAIN', text: (domain) => domain.id },
  { title: 'NAME', isElastic: true, text: (domain) => domain.name },
  { title: 'POWER', align: 'right', text: (domain) => power(domain.powerW, domain) },
  { title: '', text: (domain) => plusMinus(domain.powerW, domain.uncertainty) },
  { title: 'SOURCE', text: (domain) => domain.source },
  { title: 'OBTAINED BY', text: (domain) => domain.reason ?? domain.provenance ?? domain.state },
]

/** The machine in one line, and a second one for what the reader must know about it. */
export function headLines(now: Now, terminal: Terminal): string[] {
  const { machine } = now
  const parts = [
    `${terminal.tone('bold', power(machine.powerW, machine))} machine`,
    `${terminal.tone('bold', power(machine.aiPowerW, machine))} AI ${plusMinus(machine.aiPowerW, machine.aiUncertainty)}`,
    `${power(machine.idlePowerW, machine)} idle`,
    `${power(machine.otherPowerW, machine)} other`,
  ]
  return [
    parts.map((part) => part.trimEnd()).join('   '),
    terminal.tone('dim', `${clockTime(now.at)}   ${obtained(now)}`),
  ]
}

function obtained(now: Now): string {
  if (now.state === 'blind') return now.machine.reason ?? 'Nothing here can be measured or estimated.'
  if (now.state === 'paused') return 'Paused.'
  if (now.state === 'warming') return 'The first second is being measured.'
  if (now.machine.estimatedRatio === 0) return 'Measured.'
  if (now.machine.estimatedRatio < 1) return `${share(now.machine.estimatedRatio)} of it is estimated.`
  return 'Estimated: perwatt doctor says what would make it measured.'
}

/** What a meter of the whole machine shows beyond its measured parts; nothing where there is none. */
export function overheadLines({ overhead }: Now, terminal: Terminal): string[] {
  if (overhead === null) return []
  const { meterName, powerW, uncertainty, reason } = overhead
  const known = `${power(powerW)} ${plusMinus(powerW, uncertainty)}`.trimEnd()
  const text =
    powerW === null
      ? `Overhead is not known: ${reason}`
      : `Overhead ${known} beside the sum (PSU, fans, board, display), by ${meterName}`
  return [terminal.tone('dim', text)]
}

/** Apps, heaviest first. With the settings' factors a further column says what they answer for. `isLong` adds today's energy, for which a history is needed. */
export function appLines(now: Now, terminal: Terminal, options: { isLong: boolean }): string[] {
  const apps = [...now.apps].sort((a, b) => b.powerW - a.powerW || a.name.localeCompare(b.name))
  if (apps.length === 0) return ['No AI app is running.']
  const factor = totalFactor(now)
  const counted: Column<NowApp> = { title: 'COUNTED', align: 'right', text: (app) => power(app.powerW * factor) }
  const columns = [...appColumns, ...(factor === 1 ? [] : [counted]), ...(options.isLong ? [todayColumn] : [])]
  return table(columns, apps, {
    width: terminal.columns,
    paint: (line, app) => (app === null || app.isSelf ? terminal.tone('dim', line) : line),
  })
}

/** Models that servers hold now; nothing where none does. */
export function modelLines({ models }: Now, terminal: Terminal): string[] {
  return models.length === 0 ? [] : table(modelColumns, models, { width: terminal.columns })
}

export function domainLines(now: Now, terminal: Terminal): string[] {
  if (now.domains.length === 0) return []
  return table(domainColumns, now.domains, {
    width: terminal.columns,
    paint: (line, domain) => (domain === null ? terminal.tone('dim', line) : line),
  })
}

export function noticeLines(notices: Now['notices'], terminal: Terminal): string[] {
  return notices.flatMap(({ text, remedy }) => [
    terminal.tone('warn', text),
    ...(remedy === null ? [] : [`  ${remedy}`]),
  ])
}

export function nowJson(now: Now, isAttached: boolean): NowJson {
  return {
    schema: 'perwatt.now/1',
    at: isoTime(now.at),
    intervalMs: now.intervalMs,
    state: now.state,
    attached: isAttached,
    machine: now.machine,
    domains: now.domains,
    overhead: now.overhead,
    overheadFactor: now.overheadFactor,
    coolingFactor: now.coolingFactor,
    apps: now.apps.map(({ todayMj: _, ...app }) => app),
    models: now.models,
    self: now.self,
    notices: now.notices,
  }
}
