import { z } from 'zod'

/** Whole numbers are decimal strings; the registry's own text shows negative ones as two's complement of 64 bits. */
const Whole = z
  .string()
  .regex(/^-?\d{1,20}$/)
  .transform((digits) => Number(BigInt.asIntN(64, BigInt(digits))))
const Maybe = Whole.nullable().catch(null)

/** What engine/vendor/smart-battery.ts tells. A property that is missing or nonsense is not known. */
const Answer = z.object({
  properties: z.object({
    Voltage: Maybe,
    Amperage: Maybe,
    InstantAmperage: Maybe,
    ExternalConnected: z.boolean().nullable().catch(null),
    PowerTelemetryData: z
      .object({ AccumulatedSystemLoad: Whole, SystemLoadAccumulatorCount: Whole })
      .nullable()
      .catch(null),
  }),
})

/** One look at the battery of a Mac. */
export type BatteryLook = {
  readonly isOnMains: boolean
  /** What it gives: voltage × current, refreshed every 20–60 s; 0 while it is charged or full, `null` where not known. */
  readonly givenW: number | null
  /** The controller's account of the whole machine: sum and number of its samples, in mW. Only their ratio is a power. */
  readonly load: { readonly sumMw: number; readonly samples: number } | null
}

/** A battery of a portable Mac has 7 to 21 V and gives less than this. */
export const MOST_BATTERY_W = 250
const MOST_MV = 30_000

/** `null` where the answer is nonsense or tells nothing of power. */
export function parseBattery(answer: unknown): BatteryLook | null {
  const parsed = Answer.safeParse(answer)
  if (!parsed.success) return null
  const { Voltage, Amperage, InstantAmperage, ExternalConnected, PowerTelemetryData } = parsed.data.properties
  const givenW = powerOf(Voltage, Amperage ?? InstantAmperage)
  const load = loadOf(PowerTelemetryData)
  if (ExternalConnected === null || (givenW === null && load === null)) return null
  return { isOnMains: ExternalConnected, givenW, load }
}

function powerOf(voltageMv: number | null, currentMa: number | null): number | null {
  if (voltageMv === null || currentMa === null || voltageMv <= 0 || voltageMv > MOST_MV) return null
  const powerW = (voltageMv * Math.max(0, -currentMa)) / 1e6
  return powerW <= MOST_BATTERY_W ? powerW : null
}

type Telemetry = { readonly AccumulatedSystemLoad: number; readonly SystemLoadAccumulatorCount: number }

function loadOf(telemetry: Telemetry | null): BatteryLook['load'] {
  if (telemetry === null) return null
  const { AccumulatedSystemLoad: sumMw, SystemLoadAccumulatorCount: samples } = telemetry
  const isCount = Number.isSafeInteger(sumMw) && Number.isSafeInteger(samples) && sumMw >= 0 && samples > 0
  return isCount ? { sumMw, samples } : null
}

/** The controller's samples and the battery's own current are refreshed apart; beyond this factor one of them is wrong. */
const MOST_FACTOR = 3

/**
 * Mean power that the battery gave between two looks; `null` where it gave none, or nobody knows. The machine's load is the battery's
 * where nothing else feeds it, and exact over the time between; `wait` while the controller has taken no new sample.
 */
export function powerBetween(before: BatteryLook, now: BatteryLook): number | 'wait' | null {
  const ends = [before, now].map((look) => look.givenW).filter((givenW) => givenW !== null)
  const meanW = ends.length === 0 ? null : ends.reduce((sum, givenW) => sum + givenW, 0) / ends.length
  if (before.isOnMains || now.isOnMains) return ends.length === 2 && ends.every((givenW) => givenW > 0) ? meanW : null
  if (before.load === null || now.load === null) return ends.length === 2 ? meanW : null
  const samples = now.load.samples - before.load.samples
  if (samples === 0 && now.load.sumMw === before.load.sumMw) return 'wait'
  const loadW = (now.load.sumMw - before.load.sumMw) / samples / 1_000
  const isPossible = samples > 0 && loadW >= 0 && loadW <= MOST_BATTERY_W
  const agrees = meanW === null || meanW === 0 || (loadW <= meanW * MOST_FACTOR && loadW >= meanW / MOST_FACTOR)
  return isPossible && agrees ? loadW : meanW
}
