import { expect, test } from 'vitest'
import { coreWeights } from '../../../engine/processes/cores.ts'
import { MemoryHost } from '../../support/memory-host.ts'

function machine(file: string, values: readonly (number | string)[]) {
  const host = new MemoryHost()
  for (const [cpu, value] of values.entries()) host.write(`/sys/devices/system/cpu/cpu${cpu}/${file}`, `${value}\n`)
  return host
}

test('cores weigh by their capacity', () => {
  expect(coreWeights(machine('cpu_capacity', [1_024, 1_024, 446]).files)).toEqual(new Float64Array([1, 1, 446 / 1_024]))
})

test('cores weigh by their maximum frequency where no capacity is told, or the same for all', () => {
  const host = machine('cpufreq/cpuinfo_max_freq', [5_000_000, 3_800_000])
  expect(coreWeights(host.files)).toEqual(new Float64Array([1, 0.76]))
  host.write('/sys/devices/system/cpu/cpu0/cpu_capacity', '1024\n')
  host.write('/sys/devices/system/cpu/cpu1/cpu_capacity', '1024\n')
  expect(coreWeights(host.files)).toEqual(new Float64Array([1, 0.76]))
})

test('cores that differ by a favoured core’s few percent are alike', () => {
  expect(coreWeights(machine('cpufreq/cpuinfo_max_freq', [5_200_000, 5_000_000, 5_100_000]).files)).toBeNull()
})

test('garbage, nothing and machines without such files have cores alike', () => {
  expect(coreWeights(machine('cpu_capacity', ['x', '', '-1', '0']).files)).toBeNull()
  expect(coreWeights(new MemoryHost().files)).toBeNull()
})
