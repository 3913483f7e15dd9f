import type { HostFiles } from '../host/host.ts'

const DEVICES = '/sys/bus/pci/devices'
/** Graphics inside the processor sit on the root bus itself; a card is always behind a bridge, on a bus of its own. */
const ON_ROOT_BUS = /^[\da-f]{4,8}:00:[\da-f]{2}\.[0-7]$/
const INTEL = '0x8086'
/** Display controllers: VGA, 3D, other. */
const DISPLAY = /^0x03[\da-f]{4}$/i
const DRIVERS: ReadonlySet<string> = new Set(['i915', 'xe'])

/**
 * PCI address of the graphics inside an Intel processor, where the driver that tells who uses it runs it; `null` where there is none, or where
 * several might be meant. Reads what the kernel keeps of each device: none is woken.
 */
export function integratedGraphics(files: HostFiles): string | null {
  const names = files.list(DEVICES)
  if (!names.ok) return null
  const found = names.value.filter((pci) => ON_ROOT_BUS.test(pci) && isIntelGraphics(files, `${DEVICES}/${pci}`))
  return found.length === 1 ? (found[0] ?? null) : null
}

function isIntelGraphics(files: HostFiles, path: string): boolean {
  if (wordIn(files, `${path}/vendor`) !== INTEL || !DISPLAY.test(wordIn(files, `${path}/class`))) return false
  const driver = files.link(`${path}/driver`)
  return driver.ok && DRIVERS.has(driver.value.split('/').at(-1) ?? '')
}

function wordIn(files: HostFiles, path: string): string {
  const text = files.text(path)
  return text.ok ? text.value.trim() : ''
}
