import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEnergyCheck, UNITS_PER_J } from '../../../engine/sources/amdgpu-energy.ts'
import { fcOptions } from '../../support/counts.ts'

/** Seconds of a card that draws `powerW` and counts `gain` of it, from `startUnits` on. */
function run(
  check: ReturnType<typeof createEnergyCheck>,
  options: { forS: number; gain?: number; powerW?: number; start?: bigint },
) {
  const { forS, gain = 1, powerW = 100, start = 5_000n } = options
  let units = start
  for (let second = 0; second <= forS; second++) {
    check.take(units, powerW, second * 1_000)
    units += BigInt(Math.round(powerW * gain * UNITS_PER_J))
  }
  return units
}

test.each([
  [0.69, false],
  [0.71, true],
  [1, true],
  [1.29, true],
  [1.31, false],
  [0, false],
  [1_000, false],
])('an accumulator that counts %f of the sensor’s energy is believed after a minute: %s', (gain, isTrusted) => {
  const check = createEnergyCheck()
  run(check, { forS: 59, gain })
  expect(check.isTrusted).toBe(false)
  run(check, { forS: 61, gain })
  expect(check.isTrusted).toBe(isTrusted)
})

test('an accumulator of 32 bits wraps without losing its trust', () => {
  const check = createEnergyCheck()
  run(check, { forS: 120, start: 2n ** 32n - BigInt(30 * 100 * UNITS_PER_J) })
  expect(check.isTrusted).toBe(true)
})

test('one step back, a jump, or a bad minute ends the trust, and a good minute restores it', () => {
  const back = createEnergyCheck()
  run(back, { forS: 61 })
  back.take(4_000n, 100, 62_000)
  expect(back.isTrusted).toBe(false)
  run(back, { forS: 61 })
  expect(back.isTrusted).toBe(true)
  back.take(2n ** 50n, 100, 62_000)
  expect(back.isTrusted).toBe(false)
  const slow = createEnergyCheck()
  run(slow, { forS: 61 })
  run(slow, { forS: 61, gain: 0.5 })
  expect(slow.isTrusted).toBe(false)
})

test('a card that draws next to nothing is no proof', () => {
  const check = createEnergyCheck()
  run(check, { forS: 300, powerW: 1 })
  expect(check.isTrusted).toBe(false)
})

test('a sleep begins a new minute and keeps the trust; a table without energy ends it', () => {
  const check = createEnergyCheck()
  run(check, { forS: 61 })
  check.restart()
  expect(check.isTrusted).toBe(true)
  check.take(7n, null, 70_000)
  expect(check.isTrusted).toBe(true)
  check.take(null, 100, 71_000)
  expect(check.isTrusted).toBe(false)
})

test('whatever it is told, it believes nothing that jumps', () => {
  const told = fc.record({
    units: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: null }),
    powerW: fc.option(fc.double({ min: 0, max: 2_000, noNaN: true }), { nil: null }),
    atMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(told, { maxLength: 60 }), (all) => {
      const check = createEnergyCheck()
      for (const { units, powerW, atMs } of all) check.take(units, powerW, atMs)
      for (const [units, atMs] of [
        [0n, 2e7],
        [2n ** 63n, 2e7 + 1_000],
      ] as const)
        check.take(units, 100, atMs)
      expect(check.isTrusted).toBe(false)
    }),
    fcOptions('amdgpu-energy', 200, 20_000),
  )
})
