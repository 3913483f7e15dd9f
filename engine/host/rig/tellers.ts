import type { Rig, RigRootZone } from './schema.ts'

export type Teller = NonNullable<RigRootZone['from']>

/** Interfaces that tell of domains, by platform; the first is the usual one. */
export const TELLERS = {
  linux: ['powercap'],
  darwin: ['ioreport', 'smc'],
  win32: ['emi'],
} as const satisfies Record<Rig['platform'], readonly Teller[]>

/** A Mac's controller measures the whole machine, and nothing else does. */
export function tellerOf({ platform }: Pick<Rig, 'platform'>, { zone, from }: RigRootZone): Teller {
  if (from !== undefined) return from
  return platform === 'darwin' && zone === 'psys' ? 'smc' : TELLERS[platform][0]
}

/** Its own figures are what the machine draws beside all domains and cards: display, disks, losses. The meter sees the sum. */
export function holdsWhole(rig: Pick<Rig, 'platform'>, root: RigRootZone): boolean {
  return tellerOf(rig, root) === 'smc'
}
