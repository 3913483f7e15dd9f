import { z } from 'zod'
import { CLOCK_TIME, DURATION } from './duration.ts'

export const Duration = z
  .string('expected a duration such as "90s", "15m", "2h" or "3d"')
  .regex(DURATION, 'expected a duration such as "90s", "15m", "2h" or "3d"')
const TimeOfDay = z
  .string()
  .regex(
    new RegExp(`${DURATION.source}|${CLOCK_TIME.source}`),
    'expected a duration such as "10m" or a local time such as "09:00"',
  )
export const Name = z
  .string()
  .min(1)
  .max(60)
  .regex(/^[\w.+:@ ()-]+$/, 'expected letters, digits, blanks and any of . + : @ ( ) - _')
const Weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])
export const Amount = z.number().nonnegative()
/** When something recurs: each day between two local times, or each `every` between two offsets. */
export const windowFields = {
  every: Duration.optional(),
  from: TimeOfDay,
  to: TimeOfDay,
  days: z.array(Weekday).min(1).optional(),
}
export const Window = z.strictObject(windowFields)
export type Window = z.infer<typeof Window>

const Bursts = z.strictObject({
  seed: z.int().nonnegative(),
  /** Each slot of this length holds at most one burst. */
  every: Duration,
  chance: z.number().min(0).max(1),
  lasts: z.tuple([Duration, Duration]),
  between: z.tuple([Amount, Amount]),
})
export type Bursts = z.infer<typeof Bursts>

export type Load =
  | number
  | { steps: [string, number][] }
  | { ramp: [string, number][] }
  | { wave: { period: string; high: number; low?: number | undefined; duty?: number | undefined } }
  | { bursts: Bursts }
  | { sum: Load[] }
  | (Window & { load: Load })

/** How much over time: cores for a process, watts for `otherW`. */
export const Load: z.ZodType<Load> = z
  .lazy(() =>
    z.union(
      [
        Amount,
        z.strictObject({ steps: z.array(z.tuple([Duration, Amount])).min(1) }),
        z.strictObject({ ramp: z.array(z.tuple([Duration, Amount])).min(1) }),
        z.strictObject({
          wave: z.strictObject({
            period: Duration,
            high: Amount,
            low: Amount.optional(),
            duty: z.number().min(0).max(1).optional(),
          }),
        }),
        z.strictObject({ bursts: Bursts }),
        z.strictObject({ sum: z.array(Load).min(1) }),
        z.strictObject({ ...windowFields, load: Load }),
      ],
      'expected a number, or one of { steps }, { ramp }, { wave }, { bursts }, { sum }, { from, to, load }',
    ),
  )
  .meta({ id: 'Load' })
