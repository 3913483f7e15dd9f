import { z } from 'zod'
import { method } from './define.ts'
import { EnergyMj, PowerW, Provenance } from './units.ts'
import { WallMeter } from './wall-meter.ts'

/** Longer than any token that a meter's maker gives out. */
const Secret = z.string().min(1).max(4_000)

/** What a meter can tell, to choose from; no units where it was not asked because of its certificate. */
export const FoundMeter = z.object({
  units: z.array(
    z.object({
      unit: z.string(),
      name: z.string(),
      powerW: PowerW.nullable(),
      energyMj: EnergyMj.nullable(),
      provenance: Provenance,
    }),
  ),
  /**
   * Of a certificate that no authority vouches for and that the options do not name: nothing was sent. To be shown, and put into the options
   * once the user says that it is the meter's.
   */
  unknownCertificateSha256: z.string().nullable(),
})
export type FoundMeter = z.infer<typeof FoundMeter>

export const Traffic = z.object({
  addresses: z.array(
    z.object({
      address: z.string(),
      sentBytes: z.int().nonnegative(),
      receivedBytes: z.int().nonnegative(),
      /** Unix second of the newest answer; `null` before the first. */
      answeredS: z.int().nullable(),
    }),
  ),
})

export const metersContract = {
  /** Asks a meter that is about to be set up. Without a `secret`, with the one that is kept for `id`; `null`: with none. */
  testMeter: method({
    input: WallMeter.pick({ dialect: true, address: true, options: true }).extend({
      id: z.string().nullable(),
      secret: Secret.nullable().exactOptional(),
    }),
    output: FoundMeter,
    problems: ['absent', 'denied', 'broken'],
    writes: true,
  }),
  /**
   * Sets a meter up, or changes the one of this id. A `secret` that is left out stays as it is; `null`: it has none any more. An id names one
   * history for ever, so what is measured there (kind, unit, provenance, place) cannot change: such a meter takes a new id, and `replaces`
   * the old one. Its address can where `hasMoved` says that it is the same meter.
   */
  setMeter: method({
    input: z.object({
      meter: WallMeter.omit({ hasSecret: true }),
      secret: Secret.nullable().exactOptional(),
      replaces: z.string().exactOptional(),
      hasMoved: z.boolean().exactOptional(),
    }),
    output: z.object({}),
    problems: ['denied', 'notWritable', 'tooMany', 'otherSeries'],
    writes: true,
  }),
  removeMeter: method({
    input: z.object({ id: z.string() }),
    output: z.object({}),
    problems: ['denied', 'notWritable', 'unknownMeter'],
    writes: true,
  }),
  /** Every address that was asked since the engine started, with bytes and last answer. */
  traffic: method({ input: z.object({}), output: Traffic }),
} as const
