import type { HostFiles } from '../host/host.ts'

const CARDS = '/sys/class/drm'
const NPU_DRIVER = '/sys/bus/pci/drivers/amdxdna'
const PCI_ADDRESS = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/
const LONGEST_NAME = 60

/** A PCI device that the driver amdgpu runs. */
export type AmdGpu = {
  /** PCI address in lower case. */
  readonly address: string
  /** `/sys/class/drm/cardN/device`: numbers of cards change when one comes or goes, addresses do not. */
  readonly path: string
  /** Vendor and device, "1002:744c". */
  readonly pciId: string
  /** As its maker wrote it into the card, mostly only on accelerators. */
  readonly productName: string | null
}

/** In order of address. Nothing of this wakes a card: the kernel keeps these texts. */
export function listAmdGpus(files: HostFiles): AmdGpu[] {
  const names = files.list(CARDS)
  if (!names.ok) return []
  const gpus = names.value.filter((name) => /^card\d{1,4}$/.test(name)).flatMap((name) => describe(files, name) ?? [])
  return gpus.toSorted((a, b) => (a.address < b.address ? -1 : 1))
}

/** Address of the chip's neural unit, where its driver is loaded. */
export function npuAddress(files: HostFiles): string | null {
  const names = files.list(NPU_DRIVER)
  return names.ok ? (names.value.filter((name) => PCI_ADDRESS.test(name)).toSorted()[0] ?? null) : null
}

function describe(files: HostFiles, card: string): AmdGpu | null {
  const path = `${CARDS}/${card}/device`
  const uevent = files.text(`${path}/uevent`)
  if (!uevent.ok || fieldOf(uevent.value, 'DRIVER') !== 'amdgpu') return null
  const pciId = fieldOf(uevent.value, 'PCI_ID')?.toLowerCase() ?? ''
  if (!/^1002:[0-9a-f]{4}$/.test(pciId)) return null
  const address = (fieldOf(uevent.value, 'PCI_SLOT_NAME') ?? linkedName(files, path))?.toLowerCase()
  if (address === undefined || !PCI_ADDRESS.test(address)) return null
  return { address, path, pciId, productName: productName(files, path) }
}

function fieldOf(uevent: string, key: string): string | undefined {
  return uevent
    .split('\n')
    .find((line) => line.startsWith(`${key}=`))
    ?.slice(key.length + 1)
    .trim()
}

function linkedName(files: HostFiles, path: string): string | undefined {
  const target = files.link(path)
  return target.ok ? target.value.split('/').at(-1) : undefined
}

function productName(files: HostFiles, path: string): string | null {
  const text = files.text(`${path}/product_name`)
  const name = text.ok ? text.value.trim() : ''
  return name.length <= LONGEST_NAME && /^[\x20-\x7e]+$/.test(name) ? name : null
}
