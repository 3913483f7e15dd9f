import type { HostFiles } from '../host/host.ts'

/** Favoured cores of equal make differ in top speed by a few percent (Intel Turbo Boost Max 3.0); performance and efficiency cores by far more. */
const EQUAL_RATIO = 0.9

/**
 * Weight of a CPU's time by its number: its capacity ÷ the largest (Documentation/admin-guide/sysctl, `cpu_capacity`), else its maximum
 * frequency ÷ the largest. `null` where all cores are alike or nobody knows: then time is time.
 */
export function coreWeights(files: HostFiles): Float64Array | null {
  const cpus = files.list(CPUS)
  if (!cpus.ok) return null
  const numbers = cpus.value.flatMap((name) => (/^cpu\d{1,4}$/.test(name) ? [Number(name.slice(3))] : []))
  return weightsFrom(files, numbers, 'cpu_capacity') ?? weightsFrom(files, numbers, 'cpufreq/cpuinfo_max_freq')
}

const CPUS = '/sys/devices/system/cpu'

function weightsFrom(files: HostFiles, numbers: readonly number[], file: string): Float64Array | null {
  const values = new Map<number, number>()
  for (const cpu of numbers) {
    const text = files.text(`${CPUS}/cpu${cpu}/${file}`)
    const value = text.ok && /^\d{1,9}\s*$/.test(text.value) ? Number(text.value) : 0
    if (value > 0) values.set(cpu, value)
  }
  const most = Math.max(0, ...values.values())
  const least = Math.min(most, ...values.values())
  if (most === 0 || least >= most * EQUAL_RATIO) return null
  const weights = new Float64Array(Math.max(...numbers) + 1).fill(1)
  for (const [cpu, value] of values) weights[cpu] = value / most
  return weights
}
