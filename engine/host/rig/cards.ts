import type { Span } from './calendar.ts'
import { cardOf, cardSleepsOf, heldBytes, holdingsOf, isResident, union } from './holdings.ts'
import {
  advanceIntegral,
  gated,
  type Integral,
  integralFrom,
  outside,
  type Pieces,
  piecesOf,
  valueNow,
  within,
} from './load.ts'
import type { ProcessState } from './processes.ts'
import type { Rig } from './schema.ts'
import type { RigGpu } from './schema-devices.ts'

export type CardUser = {
  readonly process: ProcessState
  readonly holdings: readonly Span[]
  /** Held of the card's memory in each of them. */
  readonly bytes: number
  readonly engineW: number
  /** Engine · ms. */
  readonly busy: Integral
}

export type CardState = {
  readonly spec: RigGpu
  /** `card0` */
  readonly number: number
  readonly users: readonly CardUser[]
  readonly sleeps: readonly Span[]
  /** ms awake, and ms put to sleep while the machine is awake. */
  readonly awake: Integral
  readonly asleep: Integral
  /** ms in which apps held memory and nothing worked. */
  readonly quiet: Integral
  /** mJ */
  readonly other: Integral
}

/** `awake` takes out the time in which the whole machine sleeps. */
export function cardsOf(
  rig: Rig,
  processes: readonly ProcessState[],
  awake: (pieces: Pieces) => Pieces,
): readonly CardState[] {
  return rig.gpus.map((spec, number) => {
    const sleeps = cardSleepsOf(rig, spec)
    const loads: Pieces[] = []
    const users = processes
      .filter((process) => cardOf(rig, process.spec) === spec)
      .map((process): CardUser => {
        const holdings = holdingsOf(rig, { ...process, pid: process.givenPid })
        const pieces = awake(gated(piecesOf(process.spec.gpu ?? 0, rig), within(holdings)))
        loads.push(pieces)
        const engineW = wattsOf(spec, process.spec.app ?? null)
        return { process, holdings, bytes: heldBytes(process.spec), engineW, busy: integralFrom(pieces, 0) }
      })
    const resident = users.filter(({ process }) => isResident(process.spec)).flatMap(({ holdings }) => holdings)
    const always = piecesOf(1, rig)
    return {
      spec,
      number,
      users,
      sleeps,
      awake: integralFrom(awake(gated(always, outside(sleeps))), 0),
      asleep: integralFrom(awake(gated(always, within(sleeps))), 0),
      quiet: integralFrom(awake(gated(quietPieces(loads), within(union(resident)))), 0),
      other: integralFrom(awake(gated(piecesOf(spec.otherW, rig), outside(sleeps))), 0),
    }
  })
}

export function integralsOf(card: CardState): Integral[] {
  return [card.awake, card.asleep, card.quiet, card.other, ...card.users.map(({ busy }) => busy)]
}

export function advanceCard(card: CardState, toMs: number): void {
  for (const integral of integralsOf(card)) advanceIntegral(integral, toMs)
}

export function isCardAsleep({ sleeps }: CardState, atMs: number): boolean {
  return sleeps.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)
}

export function holdsNow({ process, holdings }: CardUser, atMs: number): boolean {
  return process.phase === 'alive' && holdings.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)
}

/** All that it drew since the rig's start. */
export function cardEnergyMj(card: CardState): number {
  return cardCounterMj(card) + (card.spec.sleeps?.sleepW ?? 0) * card.asleep.total
}

/** What its own counter has seen: it stands still in the card's sleep. */
export function cardCounterMj(card: CardState): number {
  return drawn(card, ({ total }) => total)
}

export function cardPowerW(card: CardState, atMs: number): number {
  const sleepW = (card.spec.sleeps?.sleepW ?? 0) * valueNow(card.asleep, atMs)
  return sleepW + drawn(card, (integral) => valueNow(integral, atMs))
}

/** Engine · ms. */
export function cardBusyMs(card: CardState): number {
  return card.users.reduce((sum, { busy }) => sum + busy.total, 0)
}

function drawn(card: CardState, amountOf: (integral: Integral) => number): number {
  const { floorW, residentW } = card.spec
  const still = floorW * amountOf(card.awake) + residentW * amountOf(card.quiet) + amountOf(card.other)
  return card.users.reduce((sum, { engineW, busy }) => sum + engineW * amountOf(busy), still)
}

function wattsOf({ wattsPerEngine, wattsPerEngineOf }: RigGpu, app: string | null): number {
  return Object.entries(wattsPerEngineOf).find(([id]) => id === app)?.[1] ?? wattsPerEngine
}

/** The share of time in which no engine works. */
function quietPieces(loads: readonly Pieces[]): Pieces {
  return (atMs) => {
    const quiet = { untilMs: Number.POSITIVE_INFINITY, value: 1, slopePerMs: 0 }
    for (const load of loads) {
      const piece = load(atMs)
      quiet.untilMs = Math.min(quiet.untilMs, piece.untilMs)
      quiet.value -= piece.value
      quiet.slopePerMs -= piece.slopePerMs
    }
    return quiet
  }
}
