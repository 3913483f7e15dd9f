import { parseInstance, pciAddress } from './pdh-instances.ts'

/** What processes did on GPUs since each of them began, at one moment. */
export type PdhLook = {
  readonly atMs: number
  /** Running time by instance name, ms. */
  readonly runningMs: ReadonlyMap<string, number>
  /** Memory by instance name; `null` where Windows does not tell. */
  readonly bytes: ReadonlyMap<string, number> | null
  /** PCI address by LUID; adapters of software and remote screens have none. */
  readonly devices: ReadonlyMap<string, string>
}

const TICKS_PER_MS = 10_000

/** `null` where the answer is none of the driver `pdh`, or Windows gave no running times this time. */
export function readPdhLook(value: unknown, atMs: number): PdhLook | null {
  const running = readItems(fieldOf(value, 'runningTime'))
  const bytes = readItems(fieldOf(value, 'localUsage'))
  const adapters = fieldOf(value, 'adapters')
  if (running === null || typeof adapters !== 'object' || adapters === null) return null
  const runningMs = new Map<string, number>()
  for (const [name, ticks] of running) runningMs.set(name, ticks / TICKS_PER_MS)
  const devices = new Map<string, string>()
  for (const [luid, told] of Object.entries(adapters)) {
    const device = pciAddress(told)
    if (device !== null) devices.set(luid, device)
  }
  return { atMs, runningMs, bytes, devices }
}

/** Values by instance name; what is no instance of a process is left out. */
function readItems(items: unknown): Map<string, number> | null {
  if (!Array.isArray(items)) return null
  const values = new Map<string, number>()
  for (const item of items) {
    if (!Array.isArray(item)) continue
    const [name, value]: readonly unknown[] = item
    if (typeof name !== 'string' || typeof value !== 'string' || !/^\d{1,19}$/.test(value)) continue
    if (parseInstance(name) !== null) values.set(name, Number(value))
  }
  return values
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
