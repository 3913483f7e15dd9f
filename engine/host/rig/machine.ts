import { type BatteryState, batteryOf, turn } from './battery.ts'
import type { Span } from './calendar.ts'
import { advanceCard, type CardState, cardEnergyMj, cardsOf, integralsOf } from './cards.ts'
import { durationMs } from './duration.ts'
import { FIRST_IDLE_PID, happeningsOf, sleepsOf } from './lives.ts'
import { advanceIntegral, gated, type Integral, integralFrom, outside, type Pieces, piecesOf } from './load.ts'
import { type Group, groupsOf, type ProcessState, processesOf } from './processes.ts'
import type { Rig, RigProcess } from './schema.ts'
import { type ChildCounts, childCounts, childCpuMs, NO_CHILDREN } from './short-children.ts'
import { countsInTotal, type ZoneState, zonesOf } from './zones.ts'

/** Something that happens at a moment: a process starts or ends, a counter begins anew. */
type Turn = { readonly atMs: number; readonly apply: () => void }

export type ShortChild = { readonly pid: number; readonly startTicks: number; readonly cpuMs: number }

const FORKS_BEFORE = 5_000
/** Numbers are given out in order from here, and anew from here when they are used up (kernel/pid.c). */
const FIRST_PID = 2_000
const PIDS = FIRST_IDLE_PID - FIRST_PID

/** A rig's state at a moment: processes, CPU time, energies. It moves forward only; times are since the rig's start, sleep included. */
export class Machine {
  readonly rig: Rig
  readonly processes: readonly ProcessState[]
  readonly zones: readonly ZoneState[]
  readonly cards: readonly CardState[]
  readonly battery: BatteryState | null
  atMs = 0
  readonly #durationMs: number
  readonly #uptimeMs: number
  readonly #sleeps: readonly Span[]
  readonly #groups: readonly Group[]
  readonly #awake: Integral
  readonly #background: Integral
  readonly #steal: Integral
  /** By group: of processes that ended, and of all. */
  readonly #endedCpuMs: Float64Array
  readonly #cpuMs: Float64Array
  readonly #turns: readonly Turn[]
  #nextTurn = 0
  #alive: ProcessState[] = []
  #byPid: ReadonlyMap<number, ProcessState> | null = null
  #forksSeen = FORKS_BEFORE
  /** Number of the fork that never was the first: pids follow the count of forks. */
  #pidShift = FIRST_PID - FORKS_BEFORE

  constructor(rig: Rig) {
    this.rig = rig
    this.#durationMs = durationMs(rig.duration)
    this.#uptimeMs = durationMs(rig.uptime)
    this.#sleeps = sleepsOf(rig)
    const awake = (pieces: Pieces) => gated(pieces, outside(this.#sleeps))
    this.#awake = integralFrom(awake(piecesOf(1, rig)), 0)
    this.#background = integralFrom(awake(piecesOf(rig.background, rig)), 0)
    this.#steal = integralFrom(awake(piecesOf(rig.cpu.steal, rig)), 0)
    this.#groups = groupsOf(rig)
    this.processes = processesOf(rig, this.#groups, awake)
    this.zones = zonesOf(rig, this.#groups, awake)
    this.cards = cardsOf(rig, this.processes, awake)
    this.battery = batteryOf(rig)
    this.#endedCpuMs = new Float64Array(this.#groups.length)
    this.#cpuMs = new Float64Array(this.#groups.length)
    this.#turns = [...this.#processTurns(), ...this.#zoneTurns(), ...this.#batteryTurns()].toSorted(
      (a, b) => a.atMs - b.atMs,
    )
    this.advance(0)
  }

  advance(toMs: number): void {
    for (let turn = this.#turns[this.#nextTurn]; turn !== undefined && turn.atMs <= toMs; ) {
      this.#integrate(turn.atMs)
      turn.apply()
      turn = this.#turns[++this.#nextTurn]
    }
    this.#integrate(toMs)
  }

  /** Alive or waiting to be waited for, by pid. */
  living(): ReadonlyMap<number, ProcessState> {
    const isThere = ({ phase }: ProcessState) => phase === 'alive' || phase === 'zombie'
    this.#byPid ??= new Map(this.processes.filter(isThere).map((process) => [process.pid, process]))
    return this.#byPid
  }

  awakeMs(): number {
    return this.#awake.total
  }

  /** CPU time of one kind of core since the rig's start, core · ms. */
  busyMs(cores: RigProcess['cores']): number {
    let sum = 0
    for (let group = 0; group < this.#cpuMs.length; group++) {
      if (this.#groups[group]?.cores === cores) sum += this.#cpuMs[group] ?? 0
    }
    return sum
  }

  stealMs(): number {
    return this.#steal.total
  }

  /** Processes ever created, as `processes` in /proc/stat counts them. */
  forks(): number {
    return this.#forksAt(this.#awake.total)
  }

  /** The number given out last. */
  lastPid(): number {
    return this.#pidOfFork(this.forks())
  }

  /** What a living process's short-lived children used: all of them, and those that were waited for. */
  childCpuMs(process: ProcessState): { startedMs: number; endedMs: number } {
    if (process.children === null) return { startedMs: 0, endedMs: 0 }
    return childCpuMs(process.children, this.#counts(process))
  }

  shortChild(process: ProcessState): ShortChild | null {
    const { started, ended, ageMs } = this.#counts(process)
    if (process.children === null || started === ended) return null
    const startedMs = this.#elapsedBefore(ageMs)
    const startedSince = this.#alive.filter(({ startMs }) => startMs > startedMs).length
    return {
      pid: this.#pidOfFork(this.#forksAt(this.#awake.total - ageMs) - startedSince),
      startTicks: Math.floor((this.#uptimeMs + startedMs) / 10),
      cpuMs: ageMs * process.children.cores,
    }
  }

  /** Since the counter last began at 0. */
  counterMj(zone: ZoneState): number {
    return this.packageMj(zone) - zone.beforeRestartMj
  }

  /** Of a zone since the rig's start, cards that lie in its chip included. */
  packageMj(zone: ZoneState): number {
    let energyMj = this.#energyMj(zone)
    if (zone.parent !== null) return energyMj
    for (const card of this.cards) if (card.spec.inside === zone.spec.zone) energyMj += cardEnergyMj(card)
    return energyMj
  }

  /** Energy of everything that counts in the machine's total, whether or not a counter tells it, and of what only a Mac's own meter sees. */
  drawnMj(): number {
    let energyMj = 0
    for (const zone of this.zones) {
      if (countsInTotal(zone, this.zones) || zone.teller === 'smc') energyMj += this.#energyMj(zone)
    }
    for (const card of this.cards) energyMj += cardEnergyMj(card)
    return energyMj
  }

  /** Until then nothing changes: no load, process, zone or sleep. `fromMs` itself where something changes all the time. */
  nextChangeMs(fromMs: number): number {
    let nextMs = this.#turns.find(({ atMs }) => atMs > fromMs)?.atMs ?? this.#durationMs
    nextMs = Math.min(nextMs, this.#durationMs)
    const integrals = [this.#awake, this.#background, this.#steal, ...this.zones.map(({ other }) => other)]
    integrals.push(...this.cards.flatMap(integralsOf))
    for (const process of this.processes) {
      if (process.startMs > fromMs || process.stopMs <= fromMs) continue
      if (process.children !== null) return fromMs
      integrals.push(process.own)
    }
    for (const { pieces } of integrals) {
      const piece = pieces(fromMs)
      if (piece.slopePerMs !== 0) return fromMs
      nextMs = Math.min(nextMs, piece.untilMs)
    }
    return nextMs
  }

  #integrate(toMs: number): void {
    this.atMs = toMs
    for (const integral of [this.#awake, this.#background, this.#steal]) advanceIntegral(integral, toMs)
    for (const zone of this.zones) advanceIntegral(zone.other, toMs)
    for (const card of this.cards) advanceCard(card, toMs)
    this.#cpuMs.set(this.#endedCpuMs)
    this.#add(this.#cpuMs, 0, this.#background.total)
    for (const process of this.#alive) {
      advanceIntegral(process.own, toMs)
      this.#add(this.#cpuMs, process.group, process.own.total + this.childCpuMs(process).startedMs)
    }
  }

  #add(sums: Float64Array, group: number, cpuMs: number): void {
    sums[group] = (sums[group] ?? 0) + cpuMs
  }

  #energyMj(zone: ZoneState): number {
    let energyMj = zone.spec.floorW * this.#awake.total + zone.other.total
    for (let group = 0; group < this.#cpuMs.length; group++) {
      energyMj += (zone.weightsW[group] ?? 0) * (this.#cpuMs[group] ?? 0)
    }
    return energyMj
  }

  #counts(process: ProcessState, awakeMs = this.#awake.total): ChildCounts {
    if (process.children === null || process.phase !== 'alive') return NO_CHILDREN
    return childCounts(process.children, Math.max(0, awakeMs - process.awakeAtStartMs))
  }

  #forksAt(awakeMs: number): number {
    let sum = this.#forksSeen + Math.floor((this.rig.forksPerS * awakeMs) / 1_000)
    for (const process of this.#alive) sum += this.#counts(process, awakeMs).started
    return sum
  }

  #pidOfFork(fork: number): number {
    const place = fork + this.#pidShift - FIRST_PID
    return FIRST_PID + (((place % PIDS) + PIDS) % PIDS)
  }

  /** The next number, or the one that the rig gives: then those after it follow that one, as after a write to ns_last_pid. */
  #givePid(process: ProcessState): void {
    this.#forksSeen++
    if (process.givenPid !== null) {
      process.pid = process.givenPid
      this.#pidShift = process.givenPid - this.forks()
      return
    }
    const living = this.living()
    while (living.has(this.lastPid())) this.#pidShift++
    process.pid = this.lastPid()
  }

  /** When it was `awakeAgoMs` of waking time ago. */
  #elapsedBefore(awakeAgoMs: number): number {
    let elapsedMs = this.atMs - awakeAgoMs
    for (const sleep of this.#sleeps.toReversed()) {
      if (sleep.fromMs < this.atMs && sleep.toMs > elapsedMs)
        elapsedMs -= Math.min(sleep.toMs, this.atMs) - sleep.fromMs
    }
    return elapsedMs
  }

  #processTurns(): Turn[] {
    return this.processes.flatMap((process) => [
      { atMs: Math.max(0, process.startMs), apply: () => this.#start(process) },
      { atMs: process.stopMs, apply: () => this.#stop(process) },
      { atMs: process.reapedMs, apply: () => this.#reap(process) },
    ])
  }

  #zoneTurns(): Turn[] {
    const wakings = happeningsOf(this.rig).flatMap((event) =>
      event.kind === 'suspend' && event.resetsCounters ? event.atMs + event.forMs : [],
    )
    return this.zones.flatMap((zone) =>
      [...wakings, ...zone.away.map(({ toMs }) => toMs)].map((atMs) => ({
        atMs,
        apply: () => {
          zone.beforeRestartMj = this.packageMj(zone)
          zone.isRestarted = true
        },
      })),
    )
  }

  #batteryTurns(): Turn[] {
    const { battery } = this
    if (battery === null) return []
    return battery.plugged.flatMap(({ fromMs, toMs }) => [
      { atMs: fromMs, apply: () => turn(battery, true, this.drawnMj(), this.#awake.total) },
      { atMs: toMs, apply: () => turn(battery, false, this.drawnMj(), this.#awake.total) },
    ])
  }

  #start(process: ProcessState): void {
    if (process.startMs >= 0) this.#givePid(process)
    process.phase = 'alive'
    process.awakeAtStartMs = this.#awake.total
    this.#alive.push(process)
    this.#byPid = null
  }

  #stop(process: ProcessState): void {
    const { startedMs, endedMs } = this.childCpuMs(process)
    this.#forksSeen += this.#counts(process).started
    this.#add(this.#endedCpuMs, process.group, process.own.total + startedMs)
    process.waitedForMs += endedMs
    process.phase = 'zombie'
    this.#alive = this.#alive.filter((other) => other !== process)
    this.#byPid = null
  }

  #reap(process: ProcessState): void {
    process.phase = 'ended'
    this.#byPid = null
    if (process.parent?.phase !== 'alive') return
    process.parent.waitedForMs += process.own.total + process.pastCpuMs + process.waitedForMs
  }
}
