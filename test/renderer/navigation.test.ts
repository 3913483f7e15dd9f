import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePlace } from '../../renderer/navigation.ts'
import { screens } from '../../renderer/screens/registry.ts'
import { fcOptions } from '../support/counts.ts'

const known = screens.map(({ id }) => id)

test.each([
  ['', 'now', null],
  ['#sources', 'sources', null],
  ['#/sources', 'sources', null],
  ['#settings/price', 'settings', 'price'],
  ['#now/os%2F1000', 'now', 'os/1000'],
  ['#nowhere/price', 'now', null],
  ['#settings/%E0%A4%A', 'settings', null],
])('“%s” is %s, %s', (hash, screen, target) => expect(parsePlace(hash, known)).toEqual({ screen, target }))

test('any hash leads to a screen that exists', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(known).toContain(parsePlace(`#${text}`, known).screen)
    }),
    fcOptions('places', 200, 10_000),
  )
})

test('screens have an id, a title and a shortcut of their own', () => {
  for (const part of ['id', 'title', 'shortcut'] as const) {
    expect(new Set(screens.map((screen) => screen[part])).size).toBe(screens.length)
  }
})
