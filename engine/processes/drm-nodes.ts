import type { HostFiles } from '../host/host.ts'

/** A device file below `/dev/dri` or `/dev/accel`, and the device behind it. */
export type DrmNode = {
  /** `/dev/dri/renderD128` */
  readonly path: string
  /** PCI address in lower case; `null` where it is no PCI device, or sysfs does not tell. */
  readonly pci: string | null
  /** NPUs and other accelerators without a display. */
  readonly isAccel: boolean
  /** panfrost and panthor count time only while this switch of theirs is on; `false` where there is no such switch. */
  readonly isCountingOff: boolean
}

const NODE = /^\/dev\/(?:dri\/(?:renderD|card)\d{1,4}|accel\/accel\d{1,4})$/
const PCI = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/

export function isDrmNode(path: string): boolean {
  return NODE.test(path)
}

/** Looked up by sysfs alone: the device is neither opened nor asked. */
export function drmNode(files: HostFiles, path: string): DrmNode {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const isAccel = path.startsWith('/dev/accel/')
  const device = `/sys/class/${isAccel ? 'accel' : 'drm'}/${name}/device`
  const link = files.link(device)
  const address = link.ok ? link.value.slice(link.value.lastIndexOf('/') + 1).toLowerCase() : ''
  const pci = PCI.test(address) ? address : null
  const profiling = pci === null ? files.text(`${device}/profiling`) : null
  return { path, pci, isAccel, isCountingOff: profiling?.ok === true && profiling.value.trim() === '0' }
}

/** A machine without any device file has nothing to tell of. */
export function hasDrmNodes(files: HostFiles): boolean {
  const drm = files.list('/sys/class/drm')
  if (drm.ok && drm.value.some((name) => /^(?:renderD|card)\d+$/.test(name))) return true
  const accel = files.list('/sys/class/accel')
  return accel.ok && accel.value.length > 0
}
