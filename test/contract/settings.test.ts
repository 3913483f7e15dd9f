import { expect, test } from 'vitest'
import { Settings, SettingsChange } from '../../contract/settings.ts'

test('a change of one setting says nothing of the others, so it cannot reset them', () => {
  expect(SettingsChange.parse({ theme: 'dark' })).toEqual({ theme: 'dark' })
  expect(SettingsChange.parse({})).toEqual({})
})

test('every setting has a default and can be changed', () => {
  // Meters are set up by methods of their own.
  expect(Object.keys(Settings.parse({}))).toEqual([...Object.keys(SettingsChange.shape), 'wallMeters'])
})

test('a setting out of its bounds is refused', () => {
  expect(SettingsChange.safeParse({ pricePerKwh: 10.5 }).success).toBe(false)
  expect(SettingsChange.safeParse({ currency: 'euro' }).success).toBe(false)
})
