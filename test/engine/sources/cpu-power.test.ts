import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findCpu } from '../../../engine/sources/cpu-power.ts'
import { FAMILIES, POWER_BLOCKS } from '../../../engine/sources/cpu-power-table.ts'
import { fcOptions } from '../../support/counts.ts'

const names = POWER_BLOCKS.flatMap(({ of, rows }) =>
  rows
    .trim()
    .split('\n')
    .flatMap((row) => (row.split(': ')[1] ?? '').split(', '))
    .map((name) => ({ of, name })),
)

test.each([
  // As Linux, macOS and clouds write them.
  ['Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz', 15, 8],
  ['13th Gen Intel(R) Core(TM) i9-13900K', 253, 32],
  ['Intel(R) Core(TM) Ultra 7 155H', 28, 22],
  ['Intel(R) N100', 6, 4],
  ['Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz', 120, 28],
  ['Intel(R) Xeon(R) CPU E5-2680 0 @ 2.70GHz', 130, 16],
  ['Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz', 300, 64],
  ['Intel(R) Xeon(R) Gold 6248R CPU @ 3.00GHz', 205, 48],
  ['Intel(R) Xeon(R) Platinum 8480+', 350, 112],
  ['Intel(R) Xeon(R) E-2288G CPU @ 3.70GHz', 95, 16],
  ['AMD Ryzen 9 5950X 16-Core Processor', 142, 32],
  ['AMD Ryzen 7 PRO 5850U with Radeon Graphics', 15, 16],
  ['AMD Ryzen 7 7840U w/ Radeon  780M Graphics', 28, 16],
  ['AMD Ryzen AI 9 HX 370 w/ Radeon 890M', 28, 24],
  ['AMD RYZEN AI MAX+ 395 w/ Radeon 8060S', 55, 32],
  ['AMD Ryzen Threadripper PRO 5995WX 64-Cores', 280, 128],
  ['AMD EPYC 7763 64-Core Processor', 280, 128],
  ['AMD EPYC 9R14', 360, 192],
  ['AMD EPYC 7J13 64-Core Processor', 280, 128],
  ['Apple M3 Max', 60, 16],
  ['Apple M1', 20, 8],
  ['Ampere(R) Altra(R) Max Processor M128-30', 250, 128],
  ['AWS Graviton3', 130, 64],
])('%s is listed: %i W, %i threads', (model, maxW, threads) => {
  expect(findCpu(model)).toMatchObject({ maxW, threads, isListed: true })
})

test.each([
  ['AMD EPYC', 280, 128],
  ['AMD EPYC-Milan Processor', 280, 128],
  ['AMD EPYC-Genoa Processor', 360, 192],
  ['Intel Xeon Processor (Skylake, IBRS)', 150, 40],
  ['Intel Xeon Processor (Icelake)', 250, 64],
  ['Intel(R) Xeon(R) Processor @ 2.70GHz', 165, 48],
  ['Intel Core Processor (Haswell, no TSX, IBRS)', 120, 24],
  ['Neoverse-N1', 200, 80],
  ['Intel(R) Core(TM) i7-99999U', 18, 10],
  ['AMD Ryzen 5 PRO 9999U w/ Radeon Graphics', 20, 12],
])('%s is known by its family', (model, maxW, threads) => {
  expect(findCpu(model)).toMatchObject({ maxW, threads, isListed: false })
})

describe('the table', () => {
  test('has hundreds of names, each once in what it is about', () => {
    expect(names.length).toBeGreaterThan(500)
    const keys = names.map(({ of, name }) => `${of} ${name}`)
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
  })

  test('has plausible power in every row: more than idle, and per thread between a tenth and fifty watts', () => {
    const cpus = [
      ...names.map(({ of, name }) => findCpu(`${of.source.split('|')[0]} ${name}`)),
      ...FAMILIES.map((family) => ({ ...family, isListed: false })),
    ]
    for (const cpu of cpus) {
      expect(cpu).not.toBeNull()
      if (cpu === null) continue
      expect(cpu.idleW).toBeGreaterThan(0)
      expect(cpu.maxW).toBeGreaterThan(cpu.idleW)
      expect(cpu.maxW / cpu.threads).toBeGreaterThan(0.1)
      expect(cpu.maxW / cpu.threads).toBeLessThan(50)
    }
  })

  test('does not know nonsense, hidden and missing names', () => {
    for (const model of [
      null,
      '',
      'QEMU Virtual CPU version 2.5+',
      'Common KVM processor',
      '\0\xff',
      'x'.repeat(1_000),
    ]) {
      expect(findCpu(model)).toBeNull()
    }
  })

  test('never throws, whatever a processor calls itself', () => {
    const word = fc.constantFrom(
      'Intel',
      'Core',
      'Xeon',
      'AMD',
      'Ryzen',
      'EPYC',
      '9',
      '(R)',
      '@',
      'v4',
      'i7-8550U',
      '7763',
    )
    const model = fc.oneof(
      fc.string(),
      fc.array(fc.oneof(word, fc.string({ maxLength: 6 }))).map((all) => all.join(' ')),
    )
    fc.assert(
      fc.property(model, (name) => {
        const cpu = findCpu(name)
        expect(cpu === null || (cpu.maxW > cpu.idleW && cpu.threads >= 1)).toBe(true)
      }),
      fcOptions('cpu-power', 300, 30_000),
    )
  })
})
