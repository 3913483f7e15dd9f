import type { Stretch } from '../../contract/lab.ts'

/** Part of a run's energy from one domain, and what its errors that are the same in every run hang on (attribution.md §6). */
export type RunPart = {
  readonly domain: string
  readonly root: string
  readonly gainRatio: number
  readonly floorRatio: number
  /** Of the run's energy. */
  readonly energyRatio: number
  /** The floor's energy × the app's share of this domain ÷ the run's energy. */
  readonly floorShareRatio: number
}

/** What one pass of a cell through the prompt set took and gave. */
export type RunFigures = {
  readonly durationMs: number
  /** The app's energy above the machine's floor, residency included. */
  readonly energyMj: number
  readonly machineMj: number
  /** What the app drew above the floor while nothing was asked of it, just before and after. */
  readonly idleW: number
  readonly promptTokens: number | null
  readonly outputTokens: number
  /** The server reported no usage: pieces of its streams were counted instead. */
  readonly tokensAreEstimate: boolean
  /** By request. */
  readonly ttftMs: readonly number[]
  readonly estimatedRatio: number
  /** Half-width (k = 2) ÷ energy; all of it but the noise is the same in every run. */
  readonly uncertainty: number | null
  readonly parts: readonly RunPart[]
}

export type RunFault = 'disturbed' | 'gap' | 'failed'

/** Faulty runs count for nothing; they are told. */
export type Run = { readonly cell: number; readonly block: number } & (
  | { readonly ok: true; readonly figures: RunFigures }
  | { readonly ok: false; readonly fault: RunFault; readonly reason: string }
)

/** The app's energy of a run from a wider stretch, less what its edges drew: there the app was idle, at `idleW`. */
export function energyOfRun(
  wide: Stretch,
  durationMs: number,
  idleW: number,
  machineIdleW: number,
): Pick<RunFigures, 'energyMj' | 'machineMj' | 'idleW' | 'estimatedRatio' | 'uncertainty' | 'parts'> {
  const edgesMs = wide.lengthMs - durationMs
  const energyMj = Math.max(0, wide.appMj - idleW * edgesMs)
  const machineMj = Math.max(energyMj, wide.machineMj - machineIdleW * edgesMs)
  return {
    ...{ energyMj, machineMj, idleW, estimatedRatio: wide.estimatedRatio, uncertainty: wide.uncertainty },
    parts: wide.domains.map(({ id, root, gainRatio, floorRatio, appMj, floorShareMj }) => ({
      ...{ domain: id, root, gainRatio, floorRatio },
      energyRatio: wide.appMj > 0 ? appMj / wide.appMj : 0,
      floorShareRatio: wide.appMj > 0 ? floorShareMj / wide.appMj : 0,
    })),
  }
}
