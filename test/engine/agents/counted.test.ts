import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Counted, NOTHING } from '../../../engine/agents/counted.ts'
import { hashOf, keyOf } from '../../../engine/agents/hash.ts'
import { fcOptions } from '../../support/counts.ts'

function stateIn(state: Map<string, string>) {
  return {
    kept: (name: string) => state.get(name) ?? null,
    save: (name: string, text: string) => void state.set(name, text),
  }
}

test('what was counted is known after any number of restarts', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2_000), fc.nat(1e9), fc.boolean()), { maxLength: 200 }), (steps) => {
      const state = new Map<string, string>()
      const model = new Map<number, number>()
      let counted = new Counted('a', stateIn(state))
      for (const [key, output, restarts] of steps) {
        counted.put(key, { ...NOTHING, output })
        model.set(key, output)
        if (!restarts) continue
        counted.save()
        counted = new Counted('a', stateIn(state))
      }
      for (const [key, output] of model) expect(counted.known(key)).toEqual({ ...NOTHING, output })
      expect(counted.known(-1)).toBeNull()
    }),
    fcOptions('agents', 50, 1_000),
  )
})

test('no more than 131,072 keys are kept, the newest ones, in bounded state', () => {
  const state = new Map<string, string>()
  const counted = new Counted('a', stateIn(state))
  for (let key = 1; key <= 140_000; key++) counted.put(key, { ...NOTHING, output: key })
  counted.save()
  const again = new Counted('a', stateIn(state))
  expect(again.size).toBeLessThanOrEqual(131_072)
  expect([again.known(1), again.known(140_000)?.output]).toEqual([null, 140_000])
  expect([...state.values()].reduce((sum, text) => sum + text.length, 0)).toBeLessThan(6_500_000)
  again.put(140_001, NOTHING)
  expect(again.known(140_001)).toEqual(NOTHING)
})

test('state that was damaged is none, or what is left of it', () => {
  for (const damaged of ['', 'null', '[0,999999999]', '[5,2]', '[1', '{"a":1}']) {
    const state = new Map([['a/keys', damaged]])
    expect(new Counted('a', stateIn(state)).size).toBe(0)
  }
})

test('keys that differ in a byte, or in where their parts end, are others, and none of 200,000 are alike', () => {
  expect(keyOf(['ab', 'c'])).not.toBe(keyOf(['a', 'bc']))
  const hashes = new Set(Array.from({ length: 200_000 }, (_, index) => hashOf(`msg_${index}`)))
  expect(hashes.size).toBe(200_000)
  expect([...hashes].every(Number.isSafeInteger)).toBe(true)
})
