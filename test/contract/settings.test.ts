import { expect, test } from 'vitest'
import { Settings, SettingsChange } from '../../contract/settings.ts'

test('a change of one setting says nothing of the others, so it cannot reset them', () => {
  expect(SettingsChange.parse({ theme: 'dark' })).toEqual({ theme: 'dark' })
  expect(SettingsChange.parse({})).toEqual({})
})

test('every setting has a default and can be changed', () => {
  // Meters and servers are set up by methods of their own.
  const others = ['wallMeters', 'formerMeterIds', 'servers', 'metering']
  expect(new Set(Object.keys(Settings.parse({})))).toEqual(new Set([...Object.keys(SettingsChange.shape), ...others]))
})

test('a setting out of its bounds is refused', () => {
  expect(SettingsChange.safeParse({ pricePerKwh: 10.5 }).success).toBe(false)
  expect(SettingsChange.safeParse({ currency: 'euro' }).success).toBe(false)
})
