import type { Parameters } from 'fast-check'

const isSoak = process.env.PERWATT_SOAK === '1'
/** Set once a run by vitest.config.ts; a failing property prints it. */
const seed = Number(process.env.PERWATT_SEED)

/**
 * How many cases a property of `area` tries: `small` in every `npm test`, `soak` in `npm run test:soak`.
 * PERWATT_RUNS_<AREA> (upper case, `-` as `_`) overrides both, for hunting in one area.
 */
export function runs(area: string, small: number, soak: number): number {
  const asked = process.env[`PERWATT_RUNS_${area.toUpperCase().replaceAll('-', '_')}`]
  return asked === undefined ? (isSoak ? soak : small) : Number(asked)
}

/** Parameters for `fc.assert`. A failure prints the seed and the path to the shrunk case; PERWATT_SEED repeats the run. */
export function fcOptions(area: string, small: number, soak: number): Parameters<unknown> {
  return { numRuns: runs(area, small, soak), seed }
}
