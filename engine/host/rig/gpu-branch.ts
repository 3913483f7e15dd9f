import { apuMetrics, apuPowerW, isApu } from './apu-text.ts'
import { type Branch, FAULTS, type FileText } from './branch.ts'
import { type CardState, isCardAsleep } from './cards.ts'
import { driverOf, energyUj, gpuMetrics, isToldByKernel, pciIds, runtimeStatus } from './gpu-text.ts'
import type { Machine } from './machine.ts'
import type { Sensors } from './sensors.ts'
import { liveBranch } from './still-branch.ts'

export const FIRST_RENDER_NODE = 128

type Files = ReadonlyMap<string, () => FileText>

/** Graphics cards on the PCI bus, as DRM nodes and in hwmon. `wake`: a file was read that wakes a card of which it is. */
export function gpuBranch(machine: Machine, sensors: Sensors, wake: (card: CardState) => void): Branch {
  const files = new Map<string, () => FileText>()
  const links = new Map<string, string>()
  for (const card of machine.cards) {
    const { spec, number } = card
    if (spec.kind === 'npu') continue
    const device = `/sys/bus/pci/devices/${spec.pci}`
    const put = (folders: readonly string[], own: Files) => {
      for (const folder of folders) for (const [name, read] of own) files.set(`${folder}/${name}`, read)
    }
    put([device], pciFiles(machine, card))
    if (spec.access !== 'absent') links.set(`${device}/driver`, `../../../bus/pci/drivers/${driverOf(spec)}`)
    if (spec.access === 'absent' || spec.access === 'hidden') continue
    const node = `/sys/class/drm/card${number}`
    const render = `/sys/class/drm/renderD${FIRST_RENDER_NODE + number}`
    for (const each of [node, render]) links.set(`${each}/device`, `../../../${spec.pci}`)
    put([`${node}/device`], pciFiles(machine, card))
    if (!isToldByKernel(spec)) continue
    put([device, `${node}/device`], spec.vendor === 'amd' ? amdFiles(machine, sensors, card, wake) : new Map())
    const hwmon = `/sys/class/hwmon/hwmon${number}`
    links.set(`${hwmon}/device`, `../../../${spec.pci}`)
    const own = spec.vendor === 'amd' ? amdHwmon(machine, sensors, card, wake) : intelHwmon(machine, card, wake)
    put([hwmon, `${device}/hwmon/hwmon${number}`, `${node}/device/hwmon/hwmon${number}`], own)
  }
  return liveBranch(files, links)
}

/** What the kernel keeps of every device on the bus. */
export function pciFiles(machine: Machine, card: CardState): Files {
  const { spec } = card
  const [vendor, device] = pciIds(card)
  const pciClass = spec.kind === 'npu' ? '118000' : '030000'
  const driver = spec.access === 'absent' ? '' : `DRIVER=${driverOf(spec)}\n`
  const uevent = `${driver}PCI_CLASS=${Number(pciClass)}\nPCI_ID=${vendor}:${device}\nPCI_SLOT_NAME=${spec.pci}\n`
  return new Map([
    ['vendor', () => `0x${vendor}\n`],
    ['device', () => `0x${device}\n`],
    ['class', () => `0x${pciClass}\n`],
    ['uevent', () => uevent],
    ['power/runtime_status', () => runtimeStatus(machine, card)],
    ['power/control', () => (spec.sleeps === undefined ? 'on\n' : 'auto\n')],
  ])
}

/** amdgpu refuses to wake a card for a look at it (EPERM). Kernel: Documentation/gpu/amdgpu/thermal.rst */
function amdFiles(machine: Machine, sensors: Sensors, card: CardState, wake: (card: CardState) => void): Files {
  const awake = awakeOnly(machine, card, wake)
  return new Map<string, () => FileText>([
    ['product_name', () => `${card.spec.name}\n`],
    [
      'gpu_metrics',
      readable(
        card,
        awake(() => (isApu(card) ? apuMetrics(machine, sensors, card) : gpuMetrics(sensors, card))),
      ),
    ],
    ['gpu_busy_percent', awake(() => `${Math.round(100 * sensors.cardBusyRatio(card))}\n`)],
  ])
}

function amdHwmon(machine: Machine, sensors: Sensors, card: CardState, wake: (card: CardState) => void): Files {
  // Of a processor with graphics the sensor is of all of it, and the northbridge's voltage stands beside.
  const powerW = () => (isApu(card) ? apuPowerW(sensors, card) : sensors.cardW(card))
  const powerUw = awakeOnly(machine, card, wake)(() => `${Math.round(powerW() * 1e6)}\n`)
  return new Map<string, () => FileText>([
    ['name', () => 'amdgpu\n'],
    ['power1_average', readable(card, powerUw)],
    ...(isApu(card) ? ([['in1_input', () => '937\n']] as const) : []),
  ])
}

/** A read takes the card's runtime reference, which wakes it. Kernel: Documentation/ABI/testing/sysfs-driver-intel-xe-hwmon */
function intelHwmon(machine: Machine, card: CardState, wake: (card: CardState) => void): Files {
  const energy = () => {
    if (isCardAsleep(card, machine.atMs)) wake(card)
    return energyUj(card)
  }
  const name: [string, () => FileText] = ['name', () => `${driverOf(card.spec)}\n`]
  return new Map(card.spec.counter ? [name, ['energy1_input', readable(card, energy)]] : [name])
}

function awakeOnly(machine: Machine, card: CardState, wake: (card: CardState) => void) {
  return (read: () => string) => (): FileText => {
    if (!isCardAsleep(card, machine.atMs)) return read()
    wake(card)
    return FAULTS.denied
  }
}

function readable({ spec }: CardState, read: () => FileText): () => FileText {
  return spec.access === 'denied' ? () => FAULTS.denied : read
}
