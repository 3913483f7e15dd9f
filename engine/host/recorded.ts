import { problem, type Result } from '../../contract/result.ts'
import { type VirtualClock, virtualClock } from '../clock/virtual.ts'
import type { ConfiguredMeter } from '../sources/wall/dialect.ts'
import type { Host } from './host.ts'
import { noContact } from './no-contact.ts'
import type { Moment, RecordingHeader, Step } from './recording/format.ts'
import { parseRecording } from './recording/parse.ts'
import { PlayedDrivers } from './recording/played-drivers.ts'
import { playedMeters } from './recording/played-meters.ts'
import { Scene } from './recording/scene.ts'

/** A real machine played back: what was recorded, at the pace and under the clock of then. */
export interface RecordedHost extends Host {
  readonly clock: VirtualClock
  readonly header: RecordingHeader
  /** Moments recorded, and how many have been played. */
  readonly moments: number
  readonly played: number
  /** Its wall meters, as settings would name them. */
  readonly wallMeters: readonly ConfiguredMeter[]
  /** Plays the next moment: its files first, then the clock with what falls due. `false` where the recording has ended. */
  advance(): boolean
  /** The same, and whoever waited for what fell due goes on at its own time: for meters and probes. */
  play(): Promise<boolean>
}

/** A recording by its text. Changes that fit no file are mistakes of the recording and are found here, not while it plays. */
export function recordedHost(text: string, fileName = 'recording'): Result<RecordedHost, 'badRecording'> {
  const recording = parseRecording(text, fileName)
  if (!recording.ok) return recording
  const { header, moments } = recording.value
  const rehearsal = new Scene()
  for (const [index, moment] of moments.entries()) {
    const place = `${fileName}: moment ${index + 1} (at ${moment.monotonicMs})`
    for (const step of moment.steps) {
      if (!rehearsal.apply(step)) return problem('badRecording', `${place}: expected changes of words that are there.`)
      if (!jsonFiles(step).every((file) => rehearsal.jsonIn(file) !== undefined)) {
        return problem('badRecording', `${place}: expected questions and answers of drivers in JSON.`)
      }
    }
  }
  return { ok: true, value: playback(header, moments) }
}

function jsonFiles(step: Step): number[] {
  if (step.kind === 'told' || step.kind === 'probed') return [step.question, step.answer]
  return step.kind === 'refused' ? [step.question] : []
}

function playback(header: RecordingHeader, moments: readonly Moment[]): RecordedHost {
  const [first] = moments
  const clock = steppingClock(virtualClock({ wallMs: first?.wallMs ?? 0, boottimeMs: first?.boottimeMs ?? 0 }))
  const scene = new Scene()
  const drivers = new PlayedDrivers(moments, clock)
  let played = 0
  show(first)

  function show(moment: Moment | undefined): void {
    if (moment === undefined) return
    for (const step of moment.steps) scene.apply(step)
    drivers.show(played)
    played++
  }

  /** How long the next moment's time is away; `null` where there is none. */
  function begin(): number | null {
    const [before, next] = [moments[played - 1], moments[played]]
    if (before === undefined || next === undefined) return null
    show(next)
    const passedMs = next.monotonicMs - before.monotonicMs
    const sleptMs = next.boottimeMs - before.boottimeMs - passedMs
    const steppedMs = next.wallMs - before.wallMs - passedMs - sleptMs
    if (sleptMs !== 0) clock.sleep(sleptMs)
    if (steppedMs !== 0) clock.stepWall(steppedMs)
    return passedMs
  }

  return {
    platform: header.platform,
    clock,
    header,
    moments: moments.length,
    get played() {
      return played
    },
    wallMeters: playedMeters(header, moments, clock),
    advance() {
      const passedMs = begin()
      if (passedMs !== null) clock.advance(passedMs)
      return passedMs !== null
    },
    async play() {
      const passedMs = begin()
      if (passedMs === null) return false
      await clock.advanceStepwise(passedMs)
      return true
    },
    files: scene.files(),
    pageBytes: header.pageBytes,
    ticksPerS: header.ticksPerS,
    selfPid: null,
    facts: () => Promise.resolve(header.facts),
    appHint: (pid) => scene.appOf(pid),
    userName: (uid) => (uid === 0 ? 'root' : null),
    command: ([program = '']) => Promise.resolve(problem('absent', `A recording runs nothing: not ${program} either.`)),
    library: (name) => problem('absent', `A recording holds no libraries: not ${name} either.`),
    vendor: (driver) => drivers.session(driver),
    http: () => Promise.resolve(problem('refused', 'A recording holds no servers.')),
    contact: () => noContact('A recording holds no network.'),
    traffic: () => [],
    signal: () => problem('denied', 'The processes of a recording have long ended.'),
  }
}

interface SteppingClock extends VirtualClock {
  /** Advances from timer to timer, and lets those who waited for one run before the next. */
  advanceStepwise(byMs: number): Promise<void>
}

function steppingClock(clock: VirtualClock): SteppingClock {
  const dueMs = new Set<{ readonly atMs: number }>()
  return {
    ...clock,
    after(delayMs, callback) {
      const due = { atMs: clock.monotonicMs() + Math.max(0, delayMs) }
      dueMs.add(due)
      const cancel = clock.after(delayMs, () => {
        dueMs.delete(due)
        callback()
      })
      return () => {
        dueMs.delete(due)
        cancel()
      }
    },
    async advanceStepwise(byMs) {
      const untilMs = clock.monotonicMs() + byMs
      for (;;) {
        const nextMs = Math.min(untilMs, ...Array.from(dueMs, ({ atMs }) => atMs))
        clock.advance(Math.max(0, nextMs - clock.monotonicMs()))
        await new Promise((resolve) => setImmediate(resolve))
        if (nextMs === untilMs && ![...dueMs].some(({ atMs }) => atMs <= untilMs)) return
      }
    },
  }
}
