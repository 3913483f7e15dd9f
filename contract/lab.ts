import { z } from 'zod'
import { method } from './define.ts'
import { AppId, DomainId, DomainKind } from './ids.ts'
import { Provenance, Ratio, Uncertainty } from './units.ts'

/** Monotonic milliseconds of the engine's machine. */
const AtMs = z.number().nonnegative()
const Mj = z.number().nonnegative()

/** What one domain gave in a stretch. Shares of an interval at its edges are taken in proportion, so energies have fractions. */
export const StretchDomain = z.object({
  id: DomainId,
  kind: DomainKind,
  provenance: Provenance,
  /** Domains of one root have one error of the gain in common. */
  root: DomainId,
  /** Standard uncertainties (k = 1). */
  gainRatio: z.number().nonnegative(),
  floorRatio: z.number().nonnegative(),
  machineMj: Mj,
  floorMj: Mj,
  appMj: Mj,
  /** The floor's energy × the app's share of the domain: what an error of the floor is charged to. */
  floorShareMj: Mj,
})
export type StretchDomain = z.infer<typeof StretchDomain>

/** Energy of one app between two marks. */
export const Stretch = z.object({
  lengthMs: z.number().positive(),
  /** Every domain that measures has told what it drew up to the end of the stretch. */
  isSettled: z.boolean(),
  /** The machine slept, its clock was set or a domain was silent meanwhile: the figures are not whole. */
  hasGap: z.boolean(),
  domains: z.array(StretchDomain),
  /** Above the machine's floor, residency included. */
  appMj: Mj,
  machineMj: Mj,
  estimatedRatio: Ratio,
  uncertainty: Uncertainty,
  /** CPU time of all others (Perwatt apart) ÷ what the machine's CPUs could have given; `null` where it is not told. */
  othersCpuRatio: z.number().nonnegative().nullable(),
  /** Of the energy that cards and NPUs gave above their floor beside the app's own energy: the part of others. */
  othersDeviceRatio: Ratio,
})
export type Stretch = z.infer<typeof Stretch>

export const labContract = {
  /** The time of now by the engine's clock. From here on, for an hour after the newest mark, `energyBetween` can be asked. */
  markEnergy: method({ input: z.object({}), output: z.object({ atMs: AtMs }), problems: ['paused'], writes: true }),
  energyBetween: method({
    input: z.object({ app: AppId, fromMs: AtMs, toMs: AtMs }),
    output: Stretch,
    problems: ['notMarked', 'noSource'],
  }),
} as const
