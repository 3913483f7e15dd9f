import { type CardState, cardBusyMs, cardEnergyMj } from './cards.ts'
import { Machine } from './machine.ts'
import type { ZoneState } from './zones.ts'

/** Means over the last second, as firmware shows them. Before a second has passed, and right after a sleep, what was always there. */
export interface Sensors {
  /** Brings them to the machine's present. */
  advance(): void
  cardW(card: CardState): number
  /** 0–1 of the card's engine that was busy, whoever for. */
  cardBusyRatio(card: CardState): number
  /** The same of one process, by its place among the card's users. */
  userBusyRatio(card: CardState, user: number): number
  /** Of a whole chip, by the name of its zone. */
  packageW(zone: string): number
  /** What the whole machine drew, but for what only its battery knows of. */
  machineW(): number
}

const WINDOW_MS = 1_000

/** Compares the machine with itself a second ago: exact, whoever reads how often. */
export function sensorsOf(machine: Machine): Sensors {
  const past = new Machine(machine.rig)
  const lengthMs = () => machine.awakeMs() - past.awakeMs()
  const pastCard = ({ number }: CardState) => past.cards[number] as CardState

  function share(now: number, before: number): number {
    return lengthMs() > 0 ? Math.min(1, Math.max(0, (now - before) / lengthMs())) : 0
  }

  return {
    advance: () => past.advance(Math.max(0, machine.atMs - WINDOW_MS)),
    cardW(card) {
      return lengthMs() > 0 ? (cardEnergyMj(card) - cardEnergyMj(pastCard(card))) / lengthMs() : card.spec.floorW
    },
    cardBusyRatio: (card) => share(cardBusyMs(card), cardBusyMs(pastCard(card))),
    userBusyRatio(card, user) {
      const busyOf = ({ users }: CardState) => users[user]?.busy.total ?? 0
      return share(busyOf(card), busyOf(pastCard(card)))
    },
    packageW(name) {
      const [zone, before] = [packageOf(machine, name), packageOf(past, name)]
      return lengthMs() > 0 ? (machine.packageMj(zone) - past.packageMj(before)) / lengthMs() : zone.spec.floorW
    },
    machineW() {
      if (lengthMs() > 0) return (machine.drawnMj() - past.drawnMj()) / lengthMs()
      return [...machine.rig.domains, ...machine.rig.gpus].reduce((sum, { floorW }) => sum + floorW, 0)
    },
  }
}

function packageOf({ zones }: Machine, name: string): ZoneState {
  const zone = zones.find(({ spec, parent }) => parent === null && spec.zone === name)
  if (zone === undefined) throw new Error(`no zone ${name}: checked when the rig was read`)
  return zone
}
