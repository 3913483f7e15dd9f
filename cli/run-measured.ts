import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { DomainId } from '../contract/ids.ts'
import { ok, problem, type Result } from '../contract/result.ts'
import { createCalibrator } from '../engine/calibration/calibrator.ts'
import { CALIBRATION_KEY } from '../engine/calibration/kept-fit.ts'
import { compileCatalogue } from '../engine/catalogue/match.ts'
import { floorKey } from '../engine/history-keeper.ts'
import type { Host } from '../engine/host/host.ts'
import { openReader } from '../engine/ledger/reader.ts'
import { startLoop } from '../engine/loop.ts'
import { startMeasuring } from '../engine/measuring.ts'
import { NO_TICK_WORK } from '../engine/tick.ts'
import { type CommandFigures, CommandMeter } from './command-meter.ts'
import type { RunJson } from './shapes.ts'

/** As the engine ticks: children that came and went unseen in one are credited with at most what the machine was busy in it. */
const TICK_MS = 1_000
/** Linux tells CPU time in steps of 10 ms: over less than two of them nothing can be divided. */
const SHORTEST_TICK_MS = 20

export type Measured = CommandFigures & Pick<RunJson, 'exitCode' | 'signal' | 'durationMs'>
type StartFault = 'absent' | 'denied' | 'failed'
type Ending = { readonly exitCode: number | null; readonly signal: string | null }

/** Runs a command and measures it from before its first instruction to after its last. */
export async function runMeasured(
  host: Host,
  argv: readonly string[],
  dataDir: string,
): Promise<Result<Measured, StartFault>> {
  const facts = await host.facts()
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const measuring = await startMeasuring({
    host,
    facts,
    // Nobody else is asked about: all that is not the command is `other`.
    catalogue: () => NOTHING_NAMED,
    selfPids: () => [process.pid],
    keptFloor: (leaf) => keptState(dataDir, floorKey(DomainId.parse(leaf))),
    calibrator: createCalibrator({ facts, timeZone, kept: keptState(dataDir, CALIBRATION_KEY) }),
    work: NO_TICK_WORK,
  })
  const { clock } = host
  const meter = new CommandMeter(measuring, () => clock.wallMs())
  const startMs = clock.monotonicMs()
  let tickedMs = startMs
  const tick = () => {
    tickedMs = clock.monotonicMs()
    meter.tick()
  }
  const stopTicking = startLoop(clock, TICK_MS, tick)
  try {
    const ending = await runToEnd(argv)
    if (!ending.ok) return ending
    const durationMs = clock.monotonicMs() - startMs
    stopTicking()
    const sinceTickMs = clock.monotonicMs() - tickedMs
    if (sinceTickMs < SHORTEST_TICK_MS) await sleep(SHORTEST_TICK_MS - sinceTickMs)
    tick()
    return ok({ ...ending.value, durationMs, ...meter.figures(durationMs) })
  } finally {
    stopTicking()
    measuring.close()
  }
}

const NOTHING_NAMED = compileCatalogue([])

/** What an engine has learned on this machine, where its history can be read; else the tables hold. */
function keptState(dataDir: string, key: string): unknown {
  const reader = openReader(dataDir)
  if (!reader.ok) return null
  const saved = reader.value.ask('savedState', { key })
  reader.value.close()
  return saved.ok && saved.value !== null ? JSON.parse(saved.value) : null
}

/** The command keeps our stdin, stdout and stderr; no shell stands between. */
async function runToEnd(argv: readonly string[]): Promise<Result<Ending, StartFault>> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { stdio: 'inherit' })
  const stopForwarding = forwardSignals(child)
  const ending = await new Promise<Result<Ending, StartFault>>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve(ok({ exitCode, signal })))
    child.once('error', (error) => resolve(notStarted(program, error)))
  })
  stopForwarding()
  return ending
}

function notStarted(program: string, error: NodeJS.ErrnoException): Result<never, StartFault> {
  if (error.code === 'ENOENT') return problem('absent', `There is no program "${program}".`)
  if (error.code === 'EACCES') return problem('denied', `"${program}" may not be run by this account.`)
  return problem('failed', `"${program}" could not be started: ${error.message}.`)
}

/** What a terminal sends to everybody in the foreground, so that the command has it already. */
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'] as const

/** Signals are the command's to answer: what is sent to us alone is passed on, and we stay to report. */
function forwardSignals(child: ChildProcess): () => void {
  const forward = (signal: NodeJS.Signals) => void child.kill(signal)
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  const ofTerminal = hasTerminal ? () => {} : forward
  for (const name of FROM_TERMINAL) process.on(name, ofTerminal)
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, forward)
  return () => {
    for (const name of FROM_TERMINAL) process.off(name, ofTerminal)
    for (const name of ['SIGTERM', 'SIGHUP'] as const) process.off(name, forward)
  }
}
