import type { PerwattHandlers } from '../contract/index.ts'
import { appFactors } from '../contract/overhead.ts'
import { ok, problem, type Remedy, remedyText } from '../contract/result.ts'
import type { SourceStatus, Sources } from '../contract/sources.ts'
import { calibrationHandlers } from './calibration-handlers.ts'
import { Category } from './catalogue/catalogue.ts'
import { appFor, forgetApp, nameApp } from './catalogue/rules.ts'
import { checkFinding } from './check-words.ts'
import type { Events } from './events.ts'
import type { EngineOptions } from './index.ts'
import { labHandlers } from './lab-handlers.ts'
import type { MeasuredMachine } from './machine.ts'
import { meterHandlers } from './meter-handlers.ts'
import { buildLive, catalogueView, nowDomain } from './now.ts'
import { serverHandlers } from './server-handlers.ts'
import { workHandlers } from './work-handlers.ts'

type Context = { readonly events: Events; readonly options: EngineOptions; readonly askToStop: () => void }

/** The engine's end of the contract: each method once, answering from the machine's state or from the ledger. */
export function createHandlers(machine: MeasuredMachine, context: Context): PerwattHandlers {
  return {
    ...nowHandlers(machine),
    ...historyHandlers(machine),
    ...catalogueHandlers(machine),
    ...engineHandlers(machine, context),
    ...meterHandlers(machine, context.events),
    ...serverHandlers(machine, context.events),
    ...workHandlers(machine, context.events),
    ...calibrationHandlers(machine),
    ...labHandlers(machine),
  }
}

function nowHandlers(machine: MeasuredMachine) {
  return {
    now: () => ok(machine.now()),
    live: ({ forS }) => ok(buildLive(machine.live.since(machine.nowS() - forS), machine.describe)),
    pause: ({ forS }) => {
      machine.pause(forS)
      return ok({})
    },
    resume: () => {
      machine.resume()
      return ok({})
    },
    sources: () => ok(sourcesOf(machine)),
    checkAgain: async () => {
      await machine.checkAgain()
      return ok(sourcesOf(machine))
    },
  } satisfies Partial<PerwattHandlers>
}

function historyHandlers(machine: MeasuredMachine) {
  return {
    history: async (question) => {
      if (machine.history === null) return problem('noHistory', 'This engine keeps no history.')
      machine.history.flush()
      const recorded = await machine.history.ask('history', question)
      if (!recorded.ok) return recorded
      return ok({ ...recorded.value, ...appFactors(machine.settings.current, recorded.value.overheadRatio) })
    },
  } satisfies Partial<PerwattHandlers>
}

function catalogueHandlers(machine: MeasuredMachine) {
  return {
    catalogue: () =>
      ok({
        apps: catalogueView(machine.catalogue().apps, machine.settings.current.countAsAi),
        rulesProblem: machine.rules.fault,
      }),
    unnamed: () => {
      const perCoreW = wattsPerBusyCore(machine)
      const processes = machine.measuring.sampler().unnamed()
      return ok({
        processes: processes.map((one) => ({ ...one, powerW: perCoreW === null ? null : perCoreW * one.cpuCores })),
      })
    },
    nameApp: ({ exe, name, category }) => {
      const known = Category.safeParse(category)
      if (!known.success) return problem('badRules', `There is no category "${category}".`)
      const app = appFor(exe, name, known.data)
      if (!app.ok) return problem('badRules', app.reason)
      const next = nameApp(machine.rules.current, app.value)
      if (!next.ok) return next
      const kept = machine.rules.replace(next.value)
      if (!kept.ok) return kept
      machine.appsChanged('rules')
      return ok({ id: app.value.id })
    },
    forgetApp: ({ id }) => {
      const next = forgetApp(machine.rules.current, id)
      if (!next.ok) return next
      const kept = machine.rules.replace(next.value)
      if (!kept.ok) return kept
      machine.appsChanged('rules')
      return ok({})
    },
  } satisfies Partial<PerwattHandlers>
}

function engineHandlers(machine: MeasuredMachine, { events, options, askToStop }: Context) {
  return {
    settings: () => ok(machine.settings.current),
    changeSettings: (part) => {
      const changed = machine.settings.change(withoutUndefined(part))
      if (!changed.ok) return changed
      if (part.countAsAi !== undefined) machine.appsChanged('countAsAi')
      if (part.requestDays !== undefined) machine.history?.ledger.keepRequestsFor(part.requestDays)
      events.emit('settingsChanged', changed.value)
      return changed
    },
    engineInfo: () => {
      const ledger = machine.history?.ledger
      const status = ledger?.status ?? {
        state: 'readOnly' as const,
        reason: 'This engine keeps no history.',
        remedy: null,
      }
      return ok({
        version: options.version,
        pid: machine.host.selfPid ?? 0,
        startedS: machine.startedS,
        dataDir: options.dataDir ?? '',
        ledger: {
          state: status.state,
          bytes: ledger?.bytes ?? 0,
          reason: status.reason,
          remedy: status.remedy === null ? null : remedyText(status.remedy),
        },
      })
    },
    powerEvent: ({ kind }) => {
      // The clocks tell the gap itself; this only makes sure that nothing measured is lost should the machine not wake.
      if (kind === 'suspend') machine.history?.flush()
      return ok({})
    },
    stop: () => {
      askToStop()
      return ok({})
    },
  } satisfies Partial<PerwattHandlers>
}

function sourcesOf(machine: MeasuredMachine): Sources {
  const { measuring } = machine
  const nowS = machine.nowS()
  const views = measuring.book.views(nowS)
  const { facts } = measuring
  return {
    sources: measuring.sources.views().map((source): SourceStatus => {
      const own = views.filter((view) => view.domain.source === source.id)
      const failing = own.find((view) => view.state === 'failing')
      const fault =
        source.problem ??
        (own.length > 0 && own.every((view) => view.state === 'failing') ? (failing?.problem ?? null) : null)
      // A battery on mains power works and has nothing to tell, as a card that sleeps.
      const isAsleep = own.length > 0 && own.every((view) => view.state === 'asleep' || view.reason !== null)
      return {
        id: source.id,
        title: source.title,
        state: fault?.code ?? (isAsleep ? 'asleep' : 'measuring'),
        domains: own.map(nowDomain),
        reason: fault?.reason ?? failing?.problem?.reason ?? own.find((view) => view.reason !== null)?.reason ?? null,
        remedy: fault?.remedy === undefined || fault.remedy === null ? null : givenRemedy(fault.remedy),
        remedyText: fault?.remedy === undefined || fault.remedy === null ? null : remedyText(fault.remedy),
        lastReadS: own.some((view) => view.energy !== null) ? nowS : null,
        faults: own.reduce((sum, view) => sum + view.faults, 0),
        cpuMsPerTick: source.cpuMsPerTick,
      }
    }),
    machine: {
      cpuModel: facts.cpuModel,
      logicalCpus: facts.logicalCpus,
      osName: facts.osName,
      virtualisation: facts.virtualisation,
    },
    coverageTodayRatio: machine.today.totals(() => true).coverageRatio,
    findings: findingsOf(machine),
    secretKeyPlace: machine.secrets?.keyPlace ?? null,
  }
}

/** The contract's arrays are its reader's own. */
function givenRemedy(remedy: Remedy): SourceStatus['remedy'] {
  return remedy.kind === 'command' ? { ...remedy, argv: [...remedy.argv] } : remedy
}

const FINDING_WORDS: Readonly<Record<string, string>> = {
  childrenAboveParent: 'Parts of a domain drew more than the whole; the excess was carried on and evened out.',
  reset: 'A counter began anew; the interval across it is a gap.',
  wrapUnknown: 'A counter wrapped and its range is not known; the interval is a gap.',
  impossible: 'A reading was above what the hardware can draw and was left out.',
  late: 'A sensor was silent for too long; the time between is a gap.',
  fault: 'A reading failed.',
  backwards: 'A reading came with an earlier time than the one before and was left out.',
  childrenOverBusy: 'CPU time of ended children exceeded what the machine was busy; the excess was dropped.',
  unreadable: 'Processes that this account may not read; their CPU time is in "other".',
  noDescriptor: 'No file descriptor was left for a process; it is opened anew each time.',
}

function findingsOf(machine: MeasuredMachine): Sources['findings'] {
  const checks = machine.measuring.book.checks(machine.host.clock.monotonicMs())
  const found = [...machine.measuring.book.findings(), ...machine.measuring.sampler().findings()]
  const counted = found
    .filter((finding) => finding.count > 0 && finding.code !== 'first')
    .map((finding) => ({
      code: finding.code,
      text:
        'domain' in finding
          ? `${finding.domain}: ${FINDING_WORDS[finding.code]}`
          : (FINDING_WORDS[finding.code] ?? finding.code),
      count: finding.count,
    }))
  return [...counted, ...checks.flatMap((check) => checkFinding(check) ?? [])]
}

/** What a core's work costs above the floor right now, W; `null` while that is not known or nothing works. */
function wattsPerBusyCore(machine: MeasuredMachine): number | null {
  let aboveFloorW = 0
  let known = false
  for (const view of machine.measuring.book.views(machine.nowS())) {
    if (view.scope !== 'inner' || view.latest === null || view.domain.activity !== 'cpu') continue
    const { energyMj, idleMj, fromMs, toMs } = view.latest
    aboveFloorW += (energyMj - idleMj) / (toMs - fromMs)
    known = true
  }
  const busyCores = machine.busyCores()
  return known && busyCores > 0 ? aboveFloorW / busyCores : null
}

function withoutUndefined<T extends object>(part: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
