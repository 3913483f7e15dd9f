import { expect, test } from 'vitest'
import { channels, mix, translucent } from '../../../renderer/parts/palette.ts'

test('a colour is read in its long and in its short form', () => {
  expect(channels('#0f9d76')).toEqual([15, 157, 118])
  expect(channels('#fff')).toEqual([255, 255, 255])
  expect(channels('#a1C')).toEqual([170, 17, 204])
})

test('a mixture is opaque and lies between its two colours', () => {
  expect(mix('#000000', '#ffffff', 0.5)).toBe('#808080')
  expect(mix('#0f9d76', '#fff', 1)).toBe('#0f9d76')
  expect(mix('#0f9d76', '#fff', 0)).toBe('#ffffff')
  expect(translucent('#14181f', 0.14)).toBe('rgb(20 24 31 / 0.14)')
})
