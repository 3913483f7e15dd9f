import type { BenchCase } from '../case.ts'
import { agentLogs } from './agent-logs.ts'
import { chartYear } from './chart-year.ts'
import { closedWindows } from './closed-windows.ts'
import { engineTick } from './engine-tick.ts'
import { ledgerLong, ledgerYear } from './ledger.ts'
import { meter } from './meter.ts'
import { reopen } from './reopen.ts'
import { sampler } from './sampler.ts'
import { samplerCrowd } from './sampler-crowd.ts'
import { simulateQuarter, simulateWeek } from './simulate.ts'
import { sources } from './sources.ts'
import { trayApp } from './tray-app.ts'
import { trayImage } from './tray-image.ts'
import { types } from './types.ts'

/** In the order of the table. */
export const cases: readonly BenchCase[] = [
  engineTick,
  sampler,
  samplerCrowd,
  sources,
  agentLogs,
  simulateWeek,
  trayApp,
  closedWindows,
  trayImage,
  ledgerYear,
  ledgerLong,
  reopen,
  meter,
  chartYear,
  simulateQuarter,
  types,
]
