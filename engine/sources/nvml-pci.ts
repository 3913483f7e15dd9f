import type { HostFiles } from '../host/host.ts'

const DEVICES = '/sys/bus/pci/devices'
const NVIDIA = '0x10de'
/** Display controllers: VGA, 3D, other. The card's sound function is of another class. */
const DISPLAY = /^0x03[\da-f]{4}$/i
const ADDRESS = /^[\da-f]{4,8}:[\da-f]{2}:[\da-f]{2}\.[\da-f]$/

/** An NVIDIA GPU on the PCI bus, whatever driver runs it. */
export type PciCard = {
  readonly pci: string
  /** Kernel driver bound to it, "nvidia"; `null` where there is none, or the link is not shown. */
  readonly driver: string | null
}

/** NVIDIA's GPUs in the order of their addresses. Reads configuration that the kernel keeps: no card is woken. */
export function listPciCards(files: HostFiles): PciCard[] {
  const names = files.list(DEVICES)
  if (!names.ok) return []
  return names.value
    .filter((pci) => ADDRESS.test(pci) && is(files, pci, 'vendor', NVIDIA) && is(files, pci, 'class', DISPLAY))
    .toSorted()
    .map((pci) => {
      const driver = files.link(`${DEVICES}/${pci}/driver`)
      return { pci, driver: driver.ok ? (driver.value.split('/').at(-1) ?? null) : null }
    })
}

function is(files: HostFiles, pci: string, name: string, wanted: string | RegExp): boolean {
  const text = files.text(`${DEVICES}/${pci}/${name}`)
  const word = text.ok ? text.value.trim() : ''
  return typeof wanted === 'string' ? word === wanted : wanted.test(word)
}
