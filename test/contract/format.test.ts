import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  figureText,
  formatAmount,
  formatAmountPlusMinus,
  formatBytes,
  formatChange,
  formatCores,
  formatCoverage,
  formatEnergy,
  formatEnergyPlusMinus,
  formatLength,
  formatMoney,
  formatPlusMinus,
  formatPower,
  formatRatio,
} from '../../contract/format.ts'
import { fcOptions } from '../support/counts.ts'

/** Thin spaces as `_`, so that they can be seen. */
const seen = (text: string | null) => text?.replaceAll('\u202f', '_') ?? null
const power = (powerW: number) => seen(figureText(formatPower(powerW)))
const energy = (energyMj: number) => seen(figureText(formatEnergy(energyMj)))

test.each([
  [0, '0_W'],
  [0.049, '<0.1_W'],
  [0.05, '0.1_W'],
  [4.26, '4.3_W'],
  [9.949, '9.9_W'],
  [9.95, '10_W'],
  [42.7, '43_W'],
  [999.4, '999_W'],
  [999.5, '1.00_kW'],
  [1_240, '1.24_kW'],
  [12_400, '12.4_kW'],
  [-3.2, '−3.2_W'],
  [-42, '−42_W'],
])('%d W reads %s', (powerW, words) => expect(power(powerW)).toBe(words))

test.each([
  [0, '0_Wh'],
  [49, '<0.1_J'],
  [50, '0.1_J'],
  [9_949, '9.9_J'],
  [9_950, '10_J'],
  [359_999, '360_J'],
  [360_000, '0.10_Wh'],
  [1_224_000, '0.34_Wh'],
  [84_240_000, '23.4_Wh'],
  [1_483_200_000, '412_Wh'],
  [3_598_199_000, '999_Wh'],
  [3_598_200_000, '1.00_kWh'],
  [4_464_000_000, '1.24_kWh'],
  [-84_240_000, '−23.4_Wh'],
])('%d mJ reads %s', (energyMj, words) => expect(energy(energyMj)).toBe(words))

test.each([
  [38, 0.08, '±_3'],
  [61, 0.049, '±_3'],
  [8.9, 0.45, '±_4'],
  [4.1, 0.08, '±_0.3'],
  [0.9, 0.08, '±_0.1'], // 0.07: never finer than the figure
  [27, 0.01, '±_1'],
  [96, 0.1, '±_10'],
  [1_240, 0.04, '±_0.05'],
  [0, 0.1, null],
  [0.03, 2, null],
  [50, null, null],
  [50, 0, null],
])('%d W known to %d is %s', (powerW, uncertainty, words) => {
  expect(seen(formatPlusMinus(powerW, uncertainty))).toBe(words)
})

test.each([
  [0, '0_%'],
  [0.0004, '<0.1_%'],
  [0.004, '0.4_%'],
  [0.043, '4_%'],
  [1, '100_%'],
])('a ratio of %d reads %s', (ratio, words) => expect(seen(formatRatio(ratio))).toBe(words))

test('a day that is not wholly covered is never shown as 100 %', () => {
  expect(seen(formatCoverage(0.9999))).toBe('99_%')
  expect(seen(formatCoverage(1))).toBe('100_%')
  expect(seen(formatCoverage(0.29))).toBe('29_%') // 0.29 × 100 is 28.999…
})

test('a change has its sign, and none where there was nothing before', () => {
  expect(seen(formatChange(109, 100))).toBe('+9_%')
  expect(seen(formatChange(96, 100))).toBe('−4_%')
  expect(seen(formatChange(100.4, 100))).toBe('0_%')
  expect(formatChange(1, 0)).toBeNull()
})

test.each([
  [0.1408, 'EUR', '0.14_€'],
  [0, 'EUR', '0.00_€'],
  [0.004, 'EUR', '<0.01_€'],
  [12.5, 'USD', '12.50_$'],
  [37.4, 'JPY', '37_¥'],
  [3, 'XXX', '3.00_¤'],
])('%d %s reads %s', (amount, currency, words) => expect(seen(formatMoney(amount, currency))).toBe(words))

test('cores, bytes and lengths of time are as coarse as they can be', () => {
  expect([0, 0.004, 0.02, 0.996, 1.52, 12.3].map(formatCores)).toEqual(['0', '<0.01', '0.02', '1.0', '1.5', '12'])
  expect([0, 999, 1_000, 3_412_000, 58_000_000].map(formatBytes).map(seen)).toEqual([
    '0_B',
    '999_B',
    '1.0_kB',
    '3.4_MB',
    '58_MB',
  ])
  expect([-5, 8_000, 59_400, 180_000, 7_200_000, 86_400_000, 432_000_000].map(formatLength).map(seen)).toEqual([
    '0_s',
    '8_s',
    '59_s',
    '3_min',
    '2_h',
    '1 day',
    '5 days',
  ])
})

test('whatever the power, the words lie within a half step of it and never show ten units as 10.0', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.05, max: 99_000, noNaN: true }), (powerW) => {
      const { text, unit } = formatPower(powerW)
      const shownW = Number(text) * (unit === 'kW' ? 1_000 : 1)
      const stepW = 10 ** -(text.split('.')[1]?.length ?? 0) * (unit === 'kW' ? 1_000 : 1)
      expect(Math.abs(shownW - powerW)).toBeLessThanOrEqual(stepW / 2 + 1e-9)
      expect(text.replace('.', '').length).toBeLessThanOrEqual(3)
    }),
    fcOptions('format', 500, 50_000),
  )
})

test('an amount has three digits at most, and whole numbers under a thousand stay whole', () => {
  const shown = [0, 0.0001, 0.0042, 0.038, 0.34, 1.174, 7, 12.44, 412, 999, 1_604, 12_440, 1_243_000].map((amount) =>
    seen(formatAmount(amount)),
  )
  expect(shown.join(' ')).toBe('0 <0.001 0.004 0.038 0.34 1.17 7 12.4 412 999 1.60_k 12.4_k 1.24_M')
})

test('margins are told in the unit and step of their figure, never finer than it', () => {
  expect(seen(formatAmountPlusMinus(1.174, 0.08))).toBe('±_0.09')
  expect(seen(formatAmountPlusMinus(1_604, 0.1))).toBe('±_0.2')
  expect(seen(formatAmountPlusMinus(12, 0.001))).toBe('±_1')
  expect(seen(formatEnergyPlusMinus(412 * 3_600_000, 0.07))).toBe('±_30')
  expect(seen(formatEnergyPlusMinus(72_000, 0.6))).toBe('±_40')
  expect(seen(formatEnergyPlusMinus(1_240 * 3_600_000, 0.1))).toBe('±_0.1')
  for (const none of [formatAmountPlusMinus(0, 0.1), formatEnergyPlusMinus(0, 0.1), formatEnergyPlusMinus(9e6, null)])
    expect(none).toBeNull()
})
