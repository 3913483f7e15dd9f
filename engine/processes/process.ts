import type { KeptFile } from '../host/host.ts'
import { INHERITED, type Membership, type Place } from './identity.ts'

/** A living process as the sampler knows it. Only those that belong to an app are read every tick. */
export type Process = {
  readonly pid: number
  readonly startTicks: number
  /** Of the last read: children of a parent that ended get another. */
  ppid: number
  nameHash: number
  /** How it finds its app. */
  place: Place
  /** App of its parent, kept when the parent ends. */
  above: Membership | null
  member: Membership | null
  /** `opaque`: its files are denied to us. */
  state: 'alive' | 'zombie' | 'kernel' | 'opaque'
  /** Position among those read every tick, or -1. */
  index: number
  /** `null` also where no descriptor is left: then it is opened for each read. */
  file: KeptFile | null
  /** Its next read only begins: what it did before was not done for the app in this interval. */
  needsBase: boolean
  /** When it was last read. */
  readMs: number
  ownTicks: number
  childTicks: number
  cpu: number
  /** What it and its reaped children did since the sample before. */
  ownDeltaTicks: number
  childDeltaTicks: number
  isGone: boolean
  /** Last seen totals of children that vanished: they come back in `childTicks` and were booked already. */
  vanishedTicks: number
  /** Samples since the last of them vanished. */
  vanishedAge: number
  /** Tracked children that are dead and not yet waited for. */
  zombies: Process[]
}

export function newProcess(pid: number, startTicks: number, state: Process['state']): Process {
  return {
    pid,
    startTicks,
    ppid: 0,
    nameHash: 0,
    place: INHERITED,
    above: null,
    member: null,
    state,
    index: -1,
    file: null,
    needsBase: true,
    readMs: 0,
    ownTicks: 0,
    childTicks: 0,
    cpu: -1,
    ownDeltaTicks: 0,
    childDeltaTicks: 0,
    isGone: false,
    vanishedTicks: 0,
    vanishedAge: 0,
    zombies: [],
  }
}
