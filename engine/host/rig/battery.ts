import { type Span, windowsOf } from './calendar.ts'
import { union } from './holdings.ts'
import type { Rig } from './schema.ts'
import type { RigBattery } from './schema-devices.ts'

const MJ_PER_WH = 3_600_000
/** What the adapter gives to an empty battery. */
const CHARGE_W = 45

/** A battery as it was when the adapter was last plugged in or pulled out. */
export type BatteryState = {
  readonly spec: RigBattery
  readonly plugged: readonly Span[]
  isPlugged: boolean
  levelMj: number
  /** Of the whole machine but for `spec.floorW`, and its waking time, at that moment. */
  drawnMj: number
  awakeMs: number
}

export function batteryOf(rig: Rig): BatteryState | null {
  if (rig.battery === undefined) return null
  const spec = rig.battery
  return {
    spec,
    plugged: pluggedSpans(rig),
    isPlugged: false,
    levelMj: (fullMj(spec) * spec.startsAtPercent) / 100,
    drawnMj: 0,
    awakeMs: 0,
  }
}

export function pluggedSpans(rig: Rig): Span[] {
  return union((rig.battery?.plugged ?? []).flatMap((window) => windowsOf(rig, window)))
}

/** 0 where the rig draws on an empty battery: what it shows then is its business. */
export function levelMj(battery: BatteryState, drawnMj: number, awakeMs: number): number {
  const lengthMs = awakeMs - battery.awakeMs
  const gainMj = battery.isPlugged ? CHARGE_W * lengthMs : battery.drawnMj - drawnMj - battery.spec.floorW * lengthMs
  return Math.min(fullMj(battery.spec), Math.max(0, battery.levelMj + gainMj))
}

export function turn(battery: BatteryState, isPlugged: boolean, drawnMj: number, awakeMs: number): void {
  battery.levelMj = levelMj(battery, drawnMj, awakeMs)
  battery.isPlugged = isPlugged
  battery.drawnMj = drawnMj
  battery.awakeMs = awakeMs
}

export function fullMj({ fullWh }: RigBattery): number {
  return fullWh * MJ_PER_WH
}
