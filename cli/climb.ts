import type { BusyCores } from './busy-cores.ts'

/** Parts of all cores that are kept busy, one after the other. */
export const LADDER = [0, 0.25, 0.5, 0.75, 1] as const

export type Step = { readonly ratio: number; readonly leftMs: number }

export type ClimbParts = {
  readonly cpus: number
  readonly lengthMs: number
  readonly startLoad: (cpus: number) => BusyCores
  /** Resolves after so long. */
  readonly wait: (lengthMs: number) => Promise<void>
  readonly onStep: (step: Step) => void
  /** Settles where it has to end early. */
  readonly stopped: Promise<unknown>
}

const LOOK_MS = 1_000

/** Climbs the ladder of loads; `false` where it was stopped. No load is left when it returns, whatever happens. */
export async function climb({ cpus, lengthMs, startLoad, wait, onStep, stopped }: ClimbParts): Promise<boolean> {
  let isStopped = false
  const ending = stopped.then(() => {
    isStopped = true
  })
  const load = startLoad(cpus)
  const stepMs = lengthMs / LADDER.length
  try {
    for (const [step, ratio] of LADDER.entries()) {
      load.set(ratio * cpus)
      for (let inMs = 0; inMs < stepMs; inMs += LOOK_MS) {
        onStep({ ratio, leftMs: lengthMs - step * stepMs - inMs })
        await Promise.race([wait(Math.min(LOOK_MS, stepMs - inMs)), ending])
        if (isStopped) return false
      }
    }
    return true
  } finally {
    await load.stop()
  }
}
