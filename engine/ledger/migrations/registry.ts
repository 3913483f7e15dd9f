import { first } from './0001-first.ts'
import type { Migration } from './migration.ts'

/** In order; migration n leads to version n. */
export const migrations: readonly Migration[] = [first]

export const LATEST_VERSION = migrations.length
