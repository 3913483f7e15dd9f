import { afterEach, expect, test, vi } from 'vitest'
import { parseDuration, parseMoment } from '../../cli/time.ts'

afterEach(() => vi.unstubAllEnvs())

const nowS = 1_763_000_000

function seconds(text: string): number | string {
  const parsed = parseMoment(text, 'since', nowS)
  return parsed.ok ? parsed.value : parsed.code
}

test('a length is counted back from now', () => {
  expect(['90s', '15min', '15m', '24h', '7d', '2w', '1.5h', 'now'].map(seconds)).toEqual([
    ...[nowS - 90, nowS - 900, nowS - 900, nowS - 86_400, nowS - 604_800, nowS - 1_209_600, nowS - 5_400, nowS],
  ])
})

test('a date is local midnight, a time without an offset is local, one with an offset is that', () => {
  vi.stubEnv('TZ', 'Europe/Berlin')
  expect(seconds('2025-11-13')).toBe(Date.UTC(2025, 10, 12, 23) / 1_000)
  expect(seconds('2025-11-13T14:00')).toBe(Date.UTC(2025, 10, 13, 13) / 1_000)
  expect(seconds('2025-11-13 14:00:30')).toBe(Date.UTC(2025, 10, 13, 13, 0, 30) / 1_000)
  expect(seconds('2025-11-13T14:00Z')).toBe(Date.UTC(2025, 10, 13, 14) / 1_000)
  expect(seconds('2025-11-13T14:00+05:30')).toBe(Date.UTC(2025, 10, 13, 8, 30) / 1_000)
})

test('what is no time is refused with what would be one', () => {
  for (const text of ['', 'yesterday', '7', '-7d', '0h', '7x', '2025-02-30', '2025-13-01', '2025-11-13T25:00', '1e9d'])
    expect(seconds(text), text).toBe('badInput')
  expect(parseMoment('soon', 'until', nowS)).toMatchObject({
    reason: '--until is a length such as 24h or 7d, or a time such as 2026-11-25T14:00, not "soon".',
  })
  expect(parseDuration('soon', 'for')).toMatchObject({
    reason: '--for is a length such as 90s, 15min, 24h or 7d, not "soon".',
  })
})
