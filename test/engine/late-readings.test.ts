import { expect, test } from 'vitest'
import { DomainId, SourceId } from '../../contract/ids.ts'
import { problem } from '../../contract/result.ts'
import { createLateReadings } from '../../engine/late-readings.ts'
import type { Domain, Reading } from '../../engine/sources/source.ts'

const GPU = DomainId.parse('gpu/0000:01:00.0')
const CPU = DomainId.parse('cpu/0')
const SHARED = {
  parent: null,
  source: SourceId.parse('nvml'),
  provenance: 'counter',
  name: 'x',
  gainRatio: 0,
  plausibleMaxW: 500,
} as const
const DOMAINS: readonly Domain[] = [
  { ...SHARED, id: CPU, kind: 'cpu', activity: 'cpu', tableFloorW: null },
  { ...SHARED, id: GPU, kind: 'gpu', activity: 'gpu', tableFloorW: null, device: '0000:01:00.0' },
]

function reading(domain: DomainId, atS: number): Reading {
  return { kind: 'counter', domain, atMs: atS * 1_000, raw: 0n, unitNj: 1n, wrapsAfter: null }
}

/** A card of which it is known up to some second who used it. */
function card() {
  let reachedS: number | null = null
  const late = createLateReadings({
    reachedMs: (device) => (device === '' || reachedS === null ? null : reachedS * 1_000),
  })
  return {
    reach: (s: number | null) => (reachedS = s),
    clear: () => late.clear(),
    /** Seconds of the card's readings that come through. */
    take: (...readings: Reading[]) =>
      late.take(readings, DOMAINS).map(({ domain, atMs }) => `${domain} ${atMs / 1_000}`),
  }
}

test('a card’s energy waits until it is known who used the card up to then; all else passes', () => {
  const { take, reach } = card()
  reach(10)
  expect(take(reading(CPU, 11), reading(GPU, 11))).toEqual([`${CPU} 11`])
  expect(take(reading(GPU, 12))).toEqual([])
  reach(12)
  expect(take(reading(GPU, 13))).toEqual([`${GPU} 11`, `${GPU} 12`])
  reach(14)
  expect(take(reading(GPU, 14))).toEqual([`${GPU} 13`, `${GPU} 14`])
})

test('what has never told, or not for five seconds, is not waited for', () => {
  const { take, reach } = card()
  expect(take(reading(GPU, 1))).toEqual([`${GPU} 1`])
  reach(1)
  for (const atS of [2, 3, 4, 5, 6]) expect(take(reading(GPU, atS))).toEqual([])
  expect(take(reading(GPU, 7))).toEqual([2, 3, 4, 5, 6, 7].map((atS) => `${GPU} ${atS}`))
  expect(take(reading(GPU, 8))).toEqual([`${GPU} 8`])
})

test('a fault passes at once, after what was held back before it', () => {
  const { take, reach } = card()
  reach(1)
  take(reading(GPU, 2))
  const fault: Reading = { kind: 'fault', domain: GPU, atMs: 3_000, problem: problem('broken', 'It broke.') }
  expect(take(fault)).toEqual([`${GPU} 2`, `${GPU} 3`])
})

test('what was held back before a gap is part of it', () => {
  const { take, reach, clear } = card()
  reach(1)
  take(reading(GPU, 2))
  clear()
  reach(3)
  expect(take(reading(GPU, 3))).toEqual([`${GPU} 3`])
})

test('nothing is lost, doubled or put in another order, however late it becomes known', () => {
  const { take, reach } = card()
  const seen: string[] = []
  for (let atS = 1; atS <= 60; atS++) {
    if (atS % 3 === 0 && atS < 40) reach(atS - 1)
    seen.push(...take(reading(GPU, atS)))
  }
  expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => `${GPU} ${index + 1}`))
})
