import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assignSlots, rememberSlots, SLOTS, type Slots } from '../../../renderer/live/slots.ts'
import { fcOptions } from '../../support/counts.ts'

const none: Slots = new Map()

test('the first apps get the first colours in the order of their rank', () => {
  expect([...assignSlots(none, ['a', 'b', 'c'])]).toEqual([
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ])
})

test('an app keeps its colour when ranks change, and while others come and go', () => {
  const first = assignSlots(none, ['a', 'b', 'c'])
  const second = assignSlots(first, ['c', 'd', 'a'])
  expect(second.get('a')).toBe(0)
  expect(second.get('c')).toBe(2)
  expect(second.get('d')).toBe(3) // not b's, which may come back
})

test('only eight have a colour, and a heavier newcomer takes that of the one that it displaces', () => {
  const eight = assignSlots(none, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'])
  expect(eight.has('i')).toBe(false)
  const next = assignSlots(eight, ['i', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
  expect(next.get('i')).toBe(eight.get('h'))
  expect(next.has('h')).toBe(false)
  expect(next.get('a')).toBe(0)
})

test('whatever the ranks, no two apps share a colour, those shown before keep theirs, and giving again changes nothing', () => {
  const ranks = fc.uniqueArray(fc.constantFrom(...'abcdefghijklmno'), { maxLength: 15 })
  fc.assert(
    fc.property(fc.array(ranks, { minLength: 1, maxLength: 8 }), (turns) => {
      let remembered: Slots = none
      let shown: Slots = none
      for (const ranked of turns) {
        const next = assignSlots(remembered, ranked)
        remembered = rememberSlots(remembered, next)
        expect([...next.keys()].sort()).toEqual(ranked.slice(0, SLOTS).sort())
        expect(new Set(next.values()).size).toBe(next.size)
        for (const [key, slot] of shown) if (next.has(key)) expect(next.get(key)).toBe(slot)
        expect(assignSlots(remembered, ranked)).toEqual(next)
        shown = next
      }
    }),
    fcOptions('slots', 200, 20_000),
  )
})
