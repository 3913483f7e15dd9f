import fc from 'fast-check'
import { expect, test } from 'vitest'
import { homeZone, isoTime, isTimeZone } from '../../../engine/ledger/zone.ts'
import { fcOptions } from '../../support/counts.ts'

const utc = (text: string) => Date.parse(text) / 1_000

test('an hour in Kathmandu begins at its own full hour, 15 minutes past the UTC hour', () => {
  const zone = homeZone('Asia/Kathmandu')
  expect(zone.hour(utc('2026-11-25T10:00:00Z'))).toEqual({
    startS: utc('2026-11-25T09:15:00Z'),
    endS: utc('2026-11-25T10:15:00Z'),
  })
  expect(zone.day(utc('2026-11-25T10:00:00Z'))).toEqual({
    startS: utc('2026-11-24T18:15:00Z'),
    endS: utc('2026-11-25T18:15:00Z'),
  })
})

test('a day in Berlin has 23 hours in March and 25 in October, and each hour of it is whole', () => {
  const zone = homeZone('Europe/Berlin')
  expect(zone.day(utc('2026-03-29T12:00:00Z'))).toEqual({
    startS: utc('2026-03-28T23:00:00Z'),
    endS: utc('2026-03-29T22:00:00Z'),
  })
  const october = zone.day(utc('2026-10-25T12:00:00Z'))
  expect(october).toEqual({ startS: utc('2026-10-24T22:00:00Z'), endS: utc('2026-10-25T23:00:00Z') })
  const lengths = []
  for (let atS = october.startS; atS < october.endS; atS = zone.hour(atS).endS)
    lengths.push(zone.hour(atS).endS - zone.hour(atS).startS)
  expect(lengths).toEqual(Array.from({ length: 25 }, () => 3_600))
})

test('Lord Howe, which moves by half an hour, has a half hour on each side of a change and none that spans it', () => {
  const zone = homeZone('Australia/Lord_Howe')
  const changeS = utc('2026-04-04T15:00:00Z')
  expect(zone.hour(changeS)).toEqual({ startS: changeS, endS: changeS + 1_800 })
  expect(zone.hour(changeS - 1)).toEqual({ startS: changeS - 3_600, endS: changeS })
  const day = zone.day(changeS)
  expect(day.endS - day.startS).toBe(24.5 * 3_600)
  const springS = utc('2026-10-03T15:30:00Z')
  expect(zone.hour(springS)).toEqual({ startS: springS, endS: springS + 1_800 })
})

test('an hour in which the offset changes is cut there: Pyongyang at 23:30 of 4 May 2018', () => {
  const zone = homeZone('Asia/Pyongyang')
  const changeS = utc('2018-05-04T15:00:00Z')
  expect(zone.hour(changeS - 1)).toEqual({ startS: changeS - 1_800, endS: changeS })
  expect(zone.hour(changeS)).toEqual({ startS: changeS, endS: changeS + 3_600 })
  expect(zone.day(changeS - 1)).toEqual({ startS: changeS - 23.5 * 3_600, endS: changeS })
})

test('a day whose midnight is skipped begins at one o’clock', () => {
  const zone = homeZone('Africa/Cairo')
  const day = zone.day(utc('2026-04-24T12:00:00Z'))
  expect(isoTime(zone, day.startS)).toBe('2026-04-24T01:00:00+03:00')
  expect(day.endS - day.startS).toBe(23 * 3_600)
})

test('a day with two midnights begins at the first: Havana on 1 November 2026', () => {
  const zone = homeZone('America/Havana')
  const day = { startS: utc('2026-11-01T04:00:00Z'), endS: utc('2026-11-02T05:00:00Z') }
  for (const atS of [day.startS, day.startS + 3_600, day.startS + 7_200, day.endS - 1])
    expect(zone.day(atS)).toEqual(day)
})

test('a day that goes back by three hours at three has 27: Casey on 9 March 2023', () => {
  const day = homeZone('Antarctica/Casey').day(utc('2023-03-09T02:00:00Z'))
  expect(day).toEqual({ startS: utc('2023-03-08T13:00:00Z'), endS: utc('2023-03-09T16:00:00Z') })
})

test('hours and days tile time without a hole or an overlap in every zone', () => {
  const zones = Intl.supportedValuesOf('timeZone')
  const instant = fc.integer({ min: utc('2020-01-01T00:00:00Z'), max: utc('2037-12-31T00:00:00Z') })
  fc.assert(
    fc.property(fc.constantFrom(...zones), instant, (name, atS) => {
      const zone = homeZone(name)
      for (const of of [zone.hour, zone.day]) {
        const bucket = of(atS)
        expect(bucket.startS).toBeLessThanOrEqual(atS)
        expect(bucket.endS).toBeGreaterThan(atS)
        expect(of(bucket.startS)).toEqual(bucket)
        expect(of(bucket.endS - 1)).toEqual(bucket)
        expect(of(bucket.endS).startS).toBe(bucket.endS)
      }
      expect(zone.hour(zone.day(atS).startS).startS).toBe(zone.day(atS).startS)
      expect(Math.abs(zone.offsetS(atS) % 900)).toBe(0)
    }),
    fcOptions('ledger-zone', 200, 20_000),
  )
})

test('the offset agrees with the platform’s own date arithmetic around every change of a year', () => {
  const zone = homeZone('America/St_Johns')
  for (let atS = utc('2026-01-01T00:00:00Z'); atS < utc('2027-01-01T00:00:00Z'); atS += 6 * 3_600) {
    const local = new Date(atS * 1_000).toLocaleString('sv-SE', { timeZone: 'America/St_Johns' })
    expect(isoTime(zone, atS).slice(0, 19)).toBe(local.replace(' ', 'T'))
  }
})

test('a name that is no zone is known before it is used', () => {
  expect([isTimeZone('Europe/Berlin'), isTimeZone('Mars/Olympus')]).toEqual([true, false])
})
