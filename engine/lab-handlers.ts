import type { PerwattHandlers } from '../contract/index.ts'
import { ok, problem } from '../contract/result.ts'
import type { MeasuredMachine } from './machine.ts'

const PAUSED = problem('paused', 'Measuring is paused, so no energy can be told. The menu of the tray icon resumes it.')

/** Energy between two marks, for whoever makes the work in between: the lab. */
export function labHandlers(machine: MeasuredMachine) {
  const { stretches, measuring, host } = machine
  return {
    markEnergy: () => {
      if (machine.now().state === 'paused') return PAUSED
      const atMs = host.clock.monotonicMs()
      stretches.mark(atMs)
      return ok({ atMs })
    },
    energyBetween: (asked) =>
      stretches.between(asked, { views: measuring.book.views(machine.nowS()), shareRatio: measuring.shareRatio }),
  } satisfies Partial<PerwattHandlers>
}
