import { calibrationContract } from './calibration.ts'
import { catalogueContract } from './catalogue.ts'
import type { Client, EventName, Handlers, MethodName } from './define.ts'
import { engineContract } from './engine.ts'
import { historyContract } from './history.ts'
import { labContract } from './lab.ts'
import { meteringContract } from './metering.ts'
import { metersContract } from './meters.ts'
import { modelsContract } from './models.ts'
import { nowContract } from './now.ts'
import { serversContract } from './servers.ts'
import { settingsContract } from './settings.ts'
import { sourcesContract } from './sources.ts'

/** What the parts say to each other: every method and event once. Main, preload, renderer, CLI and HTTP derive their types from it. */
export const contract = {
  ...nowContract,
  ...historyContract,
  ...sourcesContract,
  ...catalogueContract,
  ...settingsContract,
  ...metersContract,
  ...serversContract,
  ...modelsContract,
  ...meteringContract,
  ...calibrationContract,
  ...labContract,
  ...engineContract,
} as const

export type Contract = typeof contract
export type PerwattClient = Client<Contract>
export type PerwattHandlers = Handlers<Contract>
export type PerwattMethod = MethodName<Contract>
export type PerwattEvent = EventName<Contract>
