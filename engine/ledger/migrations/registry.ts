import { first } from './0001-first.ts'
import { floorShare } from './0002-floor-share.ts'
import type { Migration } from './migration.ts'

/** In order; migration n leads to version n. */
export const migrations: readonly Migration[] = [first, floorShare]

export const LATEST_VERSION = migrations.length
