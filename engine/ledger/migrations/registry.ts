import { first } from './0001-first.ts'
import { floorShare } from './0002-floor-share.ts'
import { overhead } from './0003-overhead.ts'
import { work } from './0004-work.ts'
import type { Migration } from './migration.ts'

/** In order; migration n leads to version n. */
export const migrations: readonly Migration[] = [first, floorShare, overhead, work]

export const LATEST_VERSION = migrations.length
