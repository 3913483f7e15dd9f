import { afterEach, expect, test, vi } from 'vitest'
import { clockTime, duration, energy, isoTime, plusMinus, plusMinusPct, power } from '../../cli/format.ts'

afterEach(() => vi.unstubAllEnvs())

test('estimates carry their mark, measured figures none, the unknown is a dash', () => {
  expect(power(6.24, { estimatedRatio: 1 })).toBe('≈ 6.2 W')
  expect(power(6.24, { estimatedRatio: 0.2 })).toBe('6.2 W')
  expect(power(null)).toBe('–')
  expect(energy(412 * 3_600_000, { estimatedRatio: 0.3 })).toBe('≈ 412 Wh')
})

test('blanks are plain, so that a figure can be typed into grep', () => {
  expect([power(38), energy(42_700), plusMinus(38, 0.08), plusMinusPct(0.043)].join('|')).toBe('38 W|43 J|± 3|± 4 %')
})

test('nothing stands beside a figure without uncertainty', () => {
  expect([plusMinus(0, null), plusMinus(null, 0.1), plusMinusPct(null)]).toEqual(['', '', ''])
})

test('lengths are as exact as they are short', () => {
  expect([470, 9_990, 9_996, 59_940, 59_960, 125_400, 12_000_000].map(duration)).toEqual([
    ...['0.47 s', '9.99 s', '10.0 s', '59.9 s', '1 min 0 s', '2 min 5 s', '3 h 20 min'],
  ])
})

test('times carry the offset that held at that time, also a negative one of half an hour', () => {
  vi.stubEnv('TZ', 'Europe/Berlin')
  expect(isoTime(1_763_000_000)).toBe('2025-11-13T03:13:20+01:00')
  expect(isoTime(1_752_000_000)).toBe('2025-07-08T20:40:00+02:00')
  expect(clockTime(1_752_000_000)).toBe('2025-07-08 20:40')
  vi.stubEnv('TZ', 'America/St_Johns')
  expect(isoTime(1_763_000_000)).toBe('2025-11-12T22:43:20-03:30')
  vi.stubEnv('TZ', 'UTC')
  expect(isoTime(0)).toBe('1970-01-01T00:00:00+00:00')
})
