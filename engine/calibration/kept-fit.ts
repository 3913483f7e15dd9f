import { z } from 'zod'
import { formatRatio } from '../../contract/format.ts'
import { DomainId } from '../../contract/ids.ts'
import type { FittedCurve } from '../sources/source.ts'
import { LevelsState } from './load-levels.ts'

/** One fit as it is kept over restarts. `domain` is the series whose rows were made with it, and names it there. */
export const KeptFit = z.object({
  domain: DomainId,
  scope: z.enum(['processor', 'rest']),
  /** The reference's key: pairs that may judge it. */
  key: z.string().max(4_000),
  /** Ends "fitted to …". */
  words: z.string().max(200),
  madeS: z.int().nonnegative(),
  /** Processor and its number of CPUs: a disk may move to another machine. */
  machine: z.string().max(300),
  /** Domains that the reference was freed of; the fit stands for all others. */
  explained: z.array(DomainId).max(64),
  curve: z.object({
    idleW: z.number().nonnegative().max(1e5),
    slopeW: z.number().positive().max(1e5),
    exponent: z.number().min(0.1).max(3),
  }),
  residualRatio: z.number().nonnegative(),
  gainRatio: z.number().positive().max(1),
  r2: z.number().max(1),
  levels: z.int().positive(),
})
export type KeptFit = z.infer<typeof KeptFit>

/** What is kept of calibrations: at most one fit a scope, and the pairs that the next ones are made of. */
export const CalibrationState = z.object({
  fits: z.array(KeptFit).max(2),
  pairs: z.array(z.object({ key: z.string().max(4_000), levels: LevelsState })).max(4),
})
export type CalibrationState = z.infer<typeof CalibrationState>

/** Where it lies among the ledger's small states. */
export const CALIBRATION_KEY = 'calibration'

/** A name of its own for each fit, by the minute in which it was made: `cpu/fit-20261103-1412`. */
export function fitDomainId(madeS: number): DomainId {
  const [day = '', time = ''] = new Date(madeS * 1_000).toISOString().split('T')
  return DomainId.parse(`cpu/fit-${day.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}`)
}

/** As the estimate draws it: "Processor and all else unmeasured (fitted to your battery on 3 Nov 2026, ± 6 %)". */
export function fittedCurve(fit: KeptFit, timeZone: string): FittedCurve {
  const what = fit.scope === 'rest' ? 'Processor and all else unmeasured' : 'Processor'
  return {
    domain: fit.domain,
    name: `${what} (fitted to ${fit.words} on ${dayOf(fit.madeS, timeZone)}, ± ${formatRatio(2 * fit.gainRatio)})`,
    ...fit.curve,
    gainRatio: fit.gainRatio,
    holdsMemory: fit.scope === 'rest',
  }
}

function dayOf(atS: number, timeZone: string): string {
  return new Date(atS * 1_000).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone,
  })
}
