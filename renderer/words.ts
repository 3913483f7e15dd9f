import type { Gap } from '../contract/history.ts'
import type { SourceStatus } from '../contract/sources.ts'
import type { Provenance } from '../contract/units.ts'

/** Words for the contract's codes, once. */

export const provenances: Readonly<Record<Provenance, string>> = {
  counter: 'measured: energy counter',
  sensor: 'measured: power sensor',
  estimate: 'estimated',
}

export const sourceStates: Readonly<Record<SourceStatus['state'], string>> = {
  measuring: 'Measuring',
  asleep: 'Asleep',
  absent: 'Not available',
  hidden: 'Hidden',
  denied: 'Needs a grant',
  broken: 'Failing',
}

export const domainStates = {
  measuring: 'measuring',
  pending: 'first reading to come',
  asleep: 'asleep',
  failing: 'failing',
} as const

/** What we see ourselves in; nothing where it is the machine itself. */
export const virtualisations: Readonly<Record<string, string | null>> = {
  none: null,
  vm: 'virtual machine',
  container: 'container',
  wsl: 'WSL',
}

/** How a wall meter is read. */
export const meterWays: Readonly<Record<Provenance, string>> = {
  counter: 'read by its energy register',
  sensor: 'read by its watts',
  estimate: 'estimated from its load',
}

export const gapCauses: Readonly<Record<Gap['cause'], string>> = {
  suspend: 'the machine slept',
  clock: 'the clock was set',
  restart: 'Perwatt was not running',
  paused: 'paused',
  stall: 'the machine stalled',
  lost: 'a reading was lost',
  noSource: 'no source measured',
}

/** Categories of the catalogue, in the order in which they are offered. */
export const categories: Readonly<Record<string, string>> = {
  'model-server': 'Model server',
  'chat-app': 'Chat app',
  'coding-agent': 'Coding agent',
  'ide-assistant': 'Editor assistant',
  'agent-framework': 'Agent framework',
  'image-gen': 'Image generation',
  'video-gen': 'Video generation',
  speech: 'Speech',
  training: 'Training',
  embedding: 'Embeddings and search',
  notebook: 'Notebook',
  'os-feature': 'Part of the system',
  other: 'Other AI',
}

export function categoryName(category: string): string {
  return categories[category] ?? category
}

const withSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const withoutSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

/** Local time of day, 24 h. */
export function clockTime(atS: number, hasSeconds: boolean): string {
  return (hasSeconds ? withSeconds : withoutSeconds).format(atS * 1_000)
}

/** "1 source", "2 sources"; `others` where the plural is not made with an s. */
export function count(many: number, one: string, others = `${one}s`): string {
  return `${many} ${many === 1 ? one : others}`
}
