import type { HostFiles } from '../host.ts'

const PCI = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i

/** Whether the device behind a link is one that its driver may put to sleep: reading its sensors could wake it, or keep it awake. */
export function maySleepUnasked(files: HostFiles, link: string): boolean {
  const target = files.link(link)
  const address = target.ok ? (target.value.split('/').at(-1) ?? '') : ''
  if (!PCI.test(address)) return false
  const control = files.text(`/sys/bus/pci/devices/${address}/power/control`)
  return control.ok && control.value.trim() === 'auto'
}
