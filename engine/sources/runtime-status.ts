import type { HostFiles } from '../host/host.ts'

/** `power/runtime_status` of a PCI device: Documentation/ABI/testing/sysfs-devices-power. Reading it never wakes the device. */
export type RuntimeStatus = 'active' | 'suspended' | 'suspending' | 'resuming' | 'error' | 'unsupported'

const KNOWN: ReadonlySet<string> = new Set(['active', 'suspended', 'suspending', 'resuming', 'error', 'unsupported'])

/** `null` where there is no such device, or no such file. `device`: a PCI address, "0000:01:00.0". */
export function runtimeStatus(files: HostFiles, device: string): RuntimeStatus | null {
  const text = files.text(`/sys/bus/pci/devices/${device}/power/runtime_status`)
  const word = text.ok ? text.value.trim() : ''
  return KNOWN.has(word) ? (word as RuntimeStatus) : null
}

/** It sleeps, or is on its way there: to ask anything else of it would wake it. */
export function isAsleep(files: HostFiles, device: string): boolean {
  const status = runtimeStatus(files, device)
  return status === 'suspended' || status === 'suspending'
}

/** Its driver may put it to sleep when nothing uses it (`power/control` is `auto`): then no handle of it may be kept. */
export function maySleep(files: HostFiles, device: string): boolean {
  const text = files.text(`/sys/bus/pci/devices/${device}/power/control`)
  return text.ok && text.value.trim() === 'auto'
}
