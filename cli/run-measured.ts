import { type ChildProcess, spawn } from 'node:child_process'
import type { DomainId } from '../contract/ids.ts'
import { ok, problem, type Result } from '../contract/result.ts'
import type { Provenance } from '../contract/units.ts'
import { SELF } from '../engine/apps.ts'
import { appsUncertaintyMj, type DomainSum, expandedRatio } from '../engine/attribution/uncertainty.ts'
import { compileCatalogue } from '../engine/catalogue/match.ts'
import type { DomainView } from '../engine/energy-book.ts'
import type { Host } from '../engine/host/host.ts'
import { startLoop } from '../engine/loop.ts'
import { type Measuring, startMeasuring } from '../engine/measuring.ts'
import type { RunJson } from './shapes.ts'

const TICK_MS = 250
/** A peak over less than this is the noise of one short tick. */
const PEAK_FROM_MS = 100

export type Measured = Omit<RunJson, 'schema' | 'command' | 'startedAt'>

type Sum = {
  readonly view: DomainView
  commandMj: number
  machineMj: number
  floorMj: number
  otherMj: number
  varMj2: number
}

/**
 * Runs a command and measures what it and its children drew: every domain is differenced from the command's first moment to its
 * last, and divided by CPU time as everywhere. The command's processes are ours, so they are followed as our own tree, less what this
 * process itself did.
 */
export async function runMeasured(
  host: Host,
  argv: readonly string[],
): Promise<Result<Measured, 'absent' | 'denied' | 'failed'>> {
  const facts = await host.facts()
  const measuring = await startMeasuring({
    host,
    facts,
    catalogue: () => NOTHING_NAMED,
    selfPids: () => [process.pid],
    keptFloor: () => null,
  })
  try {
    return await measure(host, measuring, argv)
  } finally {
    measuring.close()
  }
}

/** Nobody else is asked about: all that is not the command is `other`. */
const NOTHING_NAMED = compileCatalogue([])

async function measure(
  host: Host,
  measuring: Measuring,
  argv: readonly string[],
): Promise<Result<Measured, 'absent' | 'denied' | 'failed'>> {
  const startMs = host.clock.monotonicMs()
  const started = await start(argv)
  if (!started.ok) return started
  const child = started.value
  const ended = whenEnded(child)
  const meter = createMeter(measuring)
  meter.begin()
  const stopTicking = startLoop(host.clock, TICK_MS, () => meter.tick())
  const stopForwarding = forwardSignals(child)
  const { exitCode, signal } = await ended
  const durationMs = host.clock.monotonicMs() - startMs
  stopTicking()
  stopForwarding()
  meter.tick()
  return ok({ exitCode, signal, durationMs, ...meter.result(durationMs) })
}

function createMeter(measuring: Measuring) {
  const sums = new Map<DomainId, Sum>()
  let own = process.cpuUsage()
  let cpuMs = 0
  let peakW: number | null = null

  function views(): readonly DomainView[] {
    return measuring.book.views(Math.floor(Date.now() / 1_000)).filter((view) => view.scope === 'inner')
  }

  function tick(): void {
    const used = process.cpuUsage(own)
    own = process.cpuUsage()
    const ownMs = (used.user + used.system) / 1_000
    const { activity, attributions, fromMs, toMs } = measuring.tick()
    const treeMs = activity?.apps.find((app) => app.app === SELF)?.plainCpuMs ?? 0
    const commandMs = Math.max(0, treeMs - ownMs)
    cpuMs += commandMs
    // CPU times have steps of 10 ms, our own does not: what is left of the tree's share is the command's.
    const part = treeMs > 0 ? commandMs / treeMs : 0
    let tickMj = 0
    for (const attribution of attributions) {
      const view = views().find((one) => one.leafId === attribution.domain)
      if (view === undefined) continue
      const sum = sums.get(view.leafId) ?? { view, commandMj: 0, machineMj: 0, floorMj: 0, otherMj: 0, varMj2: 0 }
      sums.set(view.leafId, sum)
      const share = attribution.shares.find((one) => one.app === SELF)
      const commandMj = part * ((share?.activeMj ?? 0) + (share?.idleMj ?? 0))
      sum.commandMj += commandMj
      sum.machineMj += attribution.energyMj
      sum.floorMj += attribution.idleMj
      sum.otherMj += attribution.energyMj - attribution.idleMj - commandMj
      sum.varMj2 += share?.varMj2 ?? 0
      tickMj += commandMj
    }
    if (toMs - fromMs >= PEAK_FROM_MS && attributions.length > 0) peakW = Math.max(peakW ?? 0, tickMj / (toMs - fromMs))
  }

  return {
    /** Everything up to now belongs to nobody. */
    begin() {
      measuring.restart('restart')
      measuring.rematch()
      measuring.tick()
      own = process.cpuUsage()
    },
    tick,
    result(durationMs: number): Omit<Measured, 'exitCode' | 'signal' | 'durationMs'> {
      const all = [...sums.values()]
      if (all.length === 0) return nothing(cpuMs, measuring)
      const energyMj = all.reduce((mj, sum) => mj + sum.commandMj, 0)
      const estimatedMj = all.reduce(
        (mj, { view, commandMj }) => (view.domain.provenance === 'estimate' ? mj + commandMj : mj),
        0,
      )
      const averageW = durationMs > 0 ? energyMj / durationMs : null
      return {
        energyMj: Math.round(energyMj),
        domains: all.map(({ view, commandMj, machineMj }) => ({
          id: view.leafId,
          kind: view.domain.kind,
          provenance: view.domain.provenance,
          energyMj: Math.round(commandMj),
          machineMj,
        })),
        averageW,
        peakW: peakW === null || averageW === null ? averageW : Math.max(peakW, averageW),
        cpuMs,
        machineMj: all.reduce((mj, sum) => mj + sum.machineMj, 0),
        provenance: mostOf(all),
        estimatedRatio: energyMj > 0 ? estimatedMj / energyMj : 0,
        uncertainty: expandedRatio(
          appsUncertaintyMj(
            all.map((sum) => domainSum(sum, measuring.shareRatio)),
            () => true,
          ),
          energyMj,
        ),
        reason: null,
      }
    },
  }
}

function domainSum({ view, ...sum }: Sum, shareRatio: number): DomainSum {
  return {
    gainKey: view.domain.parent ?? view.domain.id,
    gainRatio: view.domain.gainRatio,
    floorMj: sum.floorMj,
    floorRatio: view.floor.ratio,
    otherMj: sum.otherMj,
    varMj2: sum.varMj2,
    apps: [{ app: SELF, activeMj: sum.commandMj, idleMj: 0, shareRatio, varMj2: sum.varMj2 }],
  }
}

function mostOf(sums: readonly Sum[]): Provenance | null {
  const most = sums.toSorted((a, b) => b.commandMj - a.commandMj)[0]
  return most?.view.domain.provenance ?? null
}

function nothing(cpuMs: number, measuring: Measuring): Omit<Measured, 'exitCode' | 'signal' | 'durationMs'> {
  const reason =
    measuring.sources.domains.length === 0
      ? 'No source can measure this machine; perwatt doctor says why.'
      : 'The command ended before a source could be read twice.'
  const figures = { energyMj: null, averageW: null, peakW: null, machineMj: null, provenance: null, uncertainty: null }
  return { ...figures, domains: [], cpuMs, estimatedRatio: 0, reason }
}

/** The command keeps our stdin, stdout and stderr; no shell stands between. */
function start(argv: readonly string[]): Promise<Result<ChildProcess, 'absent' | 'denied' | 'failed'>> {
  const [program = '', ...args] = argv
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    child.once('spawn', () => resolve(ok(child)))
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(problem('absent', `There is no program "${program}".`))
      else if (error.code === 'EACCES') resolve(problem('denied', `"${program}" may not be run by this account.`))
      else resolve(problem('failed', `"${program}" could not be started: ${error.message}.`))
    })
  })
}

function whenEnded(child: ChildProcess): Promise<{ exitCode: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once('exit', (exitCode, signal) => resolve({ exitCode, signal })))
}

/** Ctrl-C reaches the command by the terminal itself; what is sent to us alone is passed on, and we stay to report. */
function forwardSignals(child: ChildProcess): () => void {
  const ignore = () => {}
  const forward = (signal: NodeJS.Signals) => void child.kill(signal)
  process.on('SIGINT', ignore)
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, forward)
  return () => {
    process.off('SIGINT', ignore)
    for (const name of ['SIGTERM', 'SIGHUP'] as const) process.off(name, forward)
  }
}
