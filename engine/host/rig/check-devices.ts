import type { Span } from './calendar.ts'
import type { Mistake } from './check.ts'
import { checkCardKinds, sliceOf } from './check-card-kinds.ts'
import { checkLoad, checkWindow } from './check-load.ts'
import { checkMeters } from './check-meters.ts'
import { durationMs } from './duration.ts'
import { cardOf, heldBytes, holdingsOf } from './holdings.ts'
import type { JsonPath } from './json-lines.ts'
import { type Life, livesOf } from './lives.ts'
import { gated, type Pieces, piecesOf, within } from './load.ts'
import type { Rig } from './schema.ts'
import type { RigGpu } from './schema-devices.ts'

const SLACK = 1e-9

/** What the schema cannot say of cards, of a battery, and of who uses them. */
export function checkDevices(rig: Rig): Mistake[] {
  const addresses = rig.gpus.map(({ pci }) => pci)
  const apps: readonly (string | undefined)[] = rig.processes.map(({ app }) => app)
  const cards = rig.gpus.flatMap((card, index): Mistake[] => {
    const at = (...path: JsonPath): JsonPath => ['gpus', index, ...path]
    const mistakes = [...checkLoad(rig, card.otherW, at('otherW'))]
    if (addresses.indexOf(card.pci) < index) mistakes.push({ path: at('pci'), expected: 'expected each address once' })
    for (const app of Object.keys(card.wattsPerEngineOf)) {
      if (!apps.includes(app))
        mistakes.push({ path: at('wattsPerEngineOf', app), expected: 'expected an app that a process has' })
    }
    if (card.sleeps !== undefined && card.sleeps.sleepW > card.floorW)
      mistakes.push({ path: at('sleeps', 'sleepW'), expected: `expected at most floorW (${card.floorW})` })
    return mistakes
  })
  const kinds = [...checkCardKinds(rig), ...checkMeters(rig)]
  const windows = (rig.battery?.plugged ?? []).flatMap((window, index) =>
    checkWindow(rig, window, ['battery', 'plugged', index]),
  )
  return [...cards, ...kinds, ...windows, ...rig.processes.flatMap((_, index) => checkUser(rig, index))]
}

function checkUser(rig: Rig, index: number): Mistake[] {
  const spec = rig.processes[index]
  const path: JsonPath = ['processes', index]
  if (spec === undefined) return []
  const mistakes: Mistake[] = []
  const addresses = rig.gpus.map(({ pci }) => pci)
  if (spec.gpuOf !== undefined && !addresses.includes(spec.gpuOf)) {
    const known = addresses.join(', ') || 'no address: the rig has no gpus'
    mistakes.push({ path: [...path, 'gpuOf'], expected: `expected one of ${known}` })
  }
  if (spec.gpuMemoryBytes !== undefined && rig.gpus.length === 0)
    mistakes.push({ path: [...path, 'gpuMemoryBytes'], expected: 'expected gpus in the rig' })
  if (typeof spec.gpuMemoryBytes === 'object')
    mistakes.push(...checkWindow(rig, spec.gpuMemoryBytes, [...path, 'gpuMemoryBytes']))
  return mistakes
}

/** A card has one engine and so much memory at any time; truth rests on that. */
export function checkCardCapacity(rig: Rig): Mistake[] {
  const lives = livesOf(rig)
  return rig.gpus.flatMap((card) => {
    const users = lives
      .filter(({ spec }) => cardOf(rig, spec) === card)
      .map((life) => ({ life, holdings: holdingsOf(rig, life) }))
    return roomsOf(card)
      .flatMap((room) => {
        const own = users.filter(({ life }) => room.slice === null || life.spec.gpuSlice === room.slice)
        return [...overworked(rig, room, own), ...overfilled(rig, room, own)]
      })
      .slice(0, 1)
  })
}

/** A card, or one of the slices that it is split into. */
type Room = { readonly name: string; readonly slice: number | null; readonly engines: number; readonly bytes: number }

function roomsOf({ pci, memoryBytes, slices }: RigGpu): Room[] {
  const parts = slices.map((profile, slice): Room => {
    const { sevenths, bytes } = sliceOf(profile)
    return { name: `slice ${slice} of ${pci}`, slice, engines: sevenths / 7, bytes }
  })
  return [{ name: pci, slice: null, engines: 1, bytes: memoryBytes }, ...parts]
}

type User = { readonly life: Life; readonly holdings: readonly Span[] }

function overworked(rig: Rig, room: Room, users: readonly User[]): Mistake[] {
  const loads = users.map(({ life, holdings }) => gated(piecesOf(life.spec.gpu ?? 0, rig), within(holdings)))
  for (let atMs = 0; atMs < durationMs(rig.duration); ) {
    const { untilMs, most } = mostUntilBend(loads, atMs, durationMs(rig.duration))
    if (most > room.engines + SLACK) {
      const expected = `expected at most ${amount(room.engines)} busy engine on ${room.name}, but at ${atMs / 1_000} s the loads add up to ${amount(most)}`
      return [{ path: placeOf(rig, users, atMs, 'gpu'), expected }]
    }
    atMs = untilMs
  }
  return []
}

function amount(engines: number): number {
  return Number(engines.toFixed(6))
}

/** Between two bends loads are straight: the most is at one of the ends. */
function mostUntilBend(loads: readonly Pieces[], atMs: number, endMs: number): { untilMs: number; most: number } {
  const pieces = loads.map((load) => load(atMs))
  const untilMs = Math.min(endMs, ...pieces.map((piece) => piece.untilMs))
  const value = pieces.reduce((sum, piece) => sum + piece.value, 0)
  const slope = pieces.reduce((sum, piece) => sum + piece.slopePerMs, 0)
  return { untilMs, most: Math.max(value, value + slope * (untilMs - atMs)) }
}

function overfilled(rig: Rig, room: Room, users: readonly User[]): Mistake[] {
  for (const atMs of startsOf(users)) {
    const bytes = users
      .filter(({ holdings }) => covers(holdings, atMs))
      .reduce((sum, { life }) => sum + heldBytes(life.spec), 0)
    if (bytes <= room.bytes) continue
    const expected = `expected at most ${room.bytes} bytes held on ${room.name}, but at ${Math.max(0, atMs) / 1_000} s there are ${bytes}`
    return [{ path: placeOf(rig, users, atMs, 'gpuMemoryBytes'), expected }]
  }
  return []
}

function startsOf(users: readonly User[]): number[] {
  return [...new Set(users.flatMap(({ holdings }) => holdings.map(({ fromMs }) => fromMs)))].toSorted((a, b) => a - b)
}

/** The last process that holds the card then is where to begin. */
function placeOf(rig: Rig, users: readonly User[], atMs: number, field: string): JsonPath {
  const last = users.findLast(({ holdings }) => covers(holdings, atMs))
  return last === undefined ? ['processes'] : ['processes', rig.processes.indexOf(last.life.spec), field]
}

function covers(holdings: readonly Span[], atMs: number): boolean {
  return holdings.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)
}
