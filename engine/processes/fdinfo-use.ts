import type { Holder, Holding } from './device-descriptors.ts'
import type { DrmClient } from './drm-client.ts'
import type { DeviceUse, ProcessUse } from './gpu-time.ts'

/** A window's surfaces take less of a card's memory than this, any model that is worth one takes more. */
const MODEL_BYTES = 256 * 1024 ** 2

type Sum = {
  readonly msByEngine: Map<string, number>
  /** Some of its time, or all of it, is not told by the driver. */
  isUntold: boolean
  isTold: boolean
  memoryBytes: number | null
  isResident: boolean
}

/** What the owners of a device's clients did in an interval; `null` where nobody tells anything. */
export function deviceUse(
  owners: ReadonlyMap<DrmClient, Holding>,
  interval: { readonly fromMs: number; readonly toMs: number },
): DeviceUse | null {
  const sums = new Map<number, Sum>()
  let device: string | null = null
  for (const [client, { holder, node }] of owners) {
    device ??= client.device
    const known = sums.get(holder.pid)
    const sum = known ?? { msByEngine: new Map(), isUntold: false, isTold: false, memoryBytes: null, isResident: false }
    sums.set(holder.pid, sum)
    addTime(sum, client, holder, interval.toMs)
    if (client.memoryBytes !== null) sum.memoryBytes = (sum.memoryBytes ?? 0) + client.memoryBytes
    sum.isResident ||= node.isAccel || isComputing(client, holder) || client.cardBytes >= MODEL_BYTES
  }
  const processes = Array.from(sums, ([pid, sum]) => processUse(pid, sum, interval)).filter((use) => use !== null)
  return device === null || processes.length === 0 ? null : { device, ...interval, busyMs: null, processes }
}

/** ROCm's queues pass the DRM scheduler by: what amdgpu tells of a process that has them is not its time. */
function isComputing({ driver }: DrmClient, { holdsKfd }: Holder): boolean {
  return driver === 'amdgpu' && holdsKfd
}

/** A client that is new, or could not be read in this look, adds no time: what it did is other's by difference. */
function addTime(sum: Sum, client: DrmClient, holder: Holder, toMs: number): void {
  if (!client.tellsTime || isComputing(client, holder)) {
    sum.isUntold = true
    return
  }
  if (client.busyMsByEngine === null || client.takenMs !== toMs) return
  sum.isTold = true
  for (const [name, ms] of client.busyMsByEngine) sum.msByEngine.set(name, (sum.msByEngine.get(name) ?? 0) + ms)
}

/**
 * Its busiest engine stands for a process: engines work side by side, so that their sum may exceed the interval, and copying or decoding costs
 * little beside computing.
 */
function processUse(pid: number, sum: Sum, { fromMs, toMs }: { fromMs: number; toMs: number }): ProcessUse | null {
  const { isUntold, isTold, memoryBytes, isResident } = sum
  if (!isUntold && !isTold) return null
  // A driver that tells neither time nor memory does not say that the device is used at all.
  if (isUntold && !isResident && (memoryBytes ?? 0) === 0) return null
  const busiestMs = Math.min(toMs - fromMs, Math.max(0, ...sum.msByEngine.values()))
  return { pid, busyMs: isUntold ? null : busiestMs, memoryBytes, isResident }
}
