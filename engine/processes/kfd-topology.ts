import type { HostFiles } from '../host/host.ts'

const NODES = '/sys/class/kfd/kfd/topology/nodes'

/** PCI address in lower case by the compute driver's number of a GPU; partitions of one card have numbers of their own. */
export function kfdGpus(files: HostFiles): Map<string, string> {
  const gpus = new Map<string, string>()
  const nodes = files.list(NODES)
  for (const node of nodes.ok ? nodes.value : []) {
    const id = files.text(`${NODES}/${node}/gpu_id`)
    const properties = files.text(`${NODES}/${node}/properties`)
    const gpuId = id.ok ? id.value.trim() : ''
    const pci = properties.ok ? pciOf(properties.value) : null
    // Nodes of processors have number 0.
    if (/^[1-9]\d{0,9}$/.test(gpuId) && pci !== null) gpus.set(gpuId, pci)
  }
  return gpus
}

/** `location_id` is bus << 8 | device << 3 | function, as pci_dev_id() packs it (drivers/gpu/drm/amd/amdkfd/kfd_topology.c). */
function pciOf(properties: string): string | null {
  const location = Number(/^location_id (\d{1,5})$/m.exec(properties)?.[1] ?? Number.NaN)
  const domain = Number(/^domain (\d{1,10})$/m.exec(properties)?.[1] ?? '0')
  if (!(location >= 0 && location <= 0xffff) || domain > 0xffff_ffff) return null
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  return `${hex(domain, 4)}:${hex(location >> 8, 2)}:${hex((location >> 3) & 31, 2)}.${location & 7}`
}
