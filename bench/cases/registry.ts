import type { BenchCase } from '../case.ts'
import { engineTick } from './engine-tick.ts'
import { ledgerLong, ledgerYear } from './ledger.ts'
import { reopen } from './reopen.ts'
import { sampler } from './sampler.ts'
import { samplerCrowd } from './sampler-crowd.ts'
import { simulateQuarter, simulateWeek } from './simulate.ts'
import { types } from './types.ts'

/** In the order of the table. */
export const cases: readonly BenchCase[] = [
  engineTick,
  sampler,
  samplerCrowd,
  simulateWeek,
  ledgerYear,
  ledgerLong,
  reopen,
  simulateQuarter,
  types,
]
