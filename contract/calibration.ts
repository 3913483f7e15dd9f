import { z } from 'zod'
import { method } from './define.ts'
import { DomainId } from './ids.ts'
import { RemedyShape } from './sources.ts'
import { PowerW, Uncertainty, UnixS } from './units.ts'

/** One fit of the estimate to a better meter of this machine: power = `idleW + (fullW − idleW) × load ^ exponent`. */
export const CalibrationFit = z.object({
  /** The series whose rows are made with it. */
  domain: DomainId,
  /** `processor`: it stands for the processor alone. `rest`: for all of the machine that is not measured by part. */
  scope: z.enum(['processor', 'rest']),
  /** What it was fitted to; ends "fitted to …". */
  fittedTo: z.string(),
  madeS: UnixS,
  idleW: PowerW,
  fullW: PowerW,
  exponent: z.number(),
  /** Root mean square of what it was off, relative, over pairs that had no part in it (k = 1). */
  residualRatio: z.number().nonnegative(),
  /** With the reference's own: half-width at 95 % ÷ a figure. */
  uncertainty: Uncertainty,
  r2: z.number(),
  levels: z.int().positive(),
  /** Whether the estimate draws by it now. */
  counts: z.boolean(),
})
export type CalibrationFit = z.infer<typeof CalibrationFit>

export const Calibration = z.object({
  fits: z.array(CalibrationFit),
  /** The better meter that is here; `null` where there is none. */
  reference: z
    .object({
      domain: DomainId,
      name: z.string(),
      /** It told something just now. */
      isTelling: z.boolean(),
    })
    .nullable(),
  /** Why nothing can be fitted now, and what mends it. */
  reason: z.string().nullable(),
  remedy: RemedyShape.nullable(),
})
export type Calibration = z.infer<typeof Calibration>

export const calibrationContract = {
  calibration: method({ input: z.object({}), output: Calibration }),
  /** From here on load and the reference are watched for a fit of their own; whoever asks makes the load. Over by itself after `forS` and 2 min. */
  beginCalibration: method({
    input: z.object({ forS: z.int().min(60).max(3_600) }),
    output: z.object({}),
    problems: ['noReference', 'noHistory'],
    writes: true,
  }),
  /** Fits, keeps and uses it. A fit that is refused changes nothing. */
  endCalibration: method({
    input: z.object({}),
    output: CalibrationFit,
    problems: ['notBegun', 'tooFewLevels', 'poorFit'],
    writes: true,
  }),
  abandonCalibration: method({ input: z.object({}), output: z.object({}), writes: true }),
  /** The estimate is its table's again. Rows that were made with a fit keep it. */
  forgetCalibration: method({ input: z.object({}), output: z.object({}), writes: true }),
} as const
