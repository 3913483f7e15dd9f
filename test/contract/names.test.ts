import { expect, test } from 'vitest'
import { appContract } from '../../contract/app.ts'
import { contract } from '../../contract/index.ts'
import { eventNames, methodNames, withheldNames } from '../../contract/names.ts'

const entries = [...Object.entries(contract), ...Object.entries(appContract)]
const named = (type: 'method' | 'event') => entries.filter(([, entry]) => entry.type === type).map(([name]) => name)

test('the two contracts share no name, so one channel can carry both', () => {
  expect(new Set(entries.map(([name]) => name)).size).toBe(entries.length)
})

test('a window may call every method but those that are withheld', () => {
  expect([...methodNames, ...withheldNames].sort()).toEqual(named('method').sort())
})

test('a window may listen to every event', () => {
  expect([...eventNames].sort()).toEqual(named('event').sort())
})
