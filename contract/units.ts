import { z } from 'zod'

/** The suffixes of quantities (docs/architecture.md "Names and units") as schemas. */
export const EnergyMj = z.int().nonnegative()
/** Overhead and other differences may be negative. */
export const SignedEnergyMj = z.int()
export const PowerW = z.number()
export const Ratio = z.number().min(0).max(1)
/** Integer unix second, UTC. */
export const UnixS = z.int()
/** Half-width at k = 2 divided by the figure; `null` where the figure is 0. */
export const Uncertainty = z.number().nonnegative().nullable()
export const Provenance = z.enum(['counter', 'sensor', 'estimate'])
export type Provenance = z.infer<typeof Provenance>

// Apart, so that a window can convert without carrying the schemas.
export { mjToJ, mjToKwh, mjToWh, powerW, whToMj } from './conversions.ts'
