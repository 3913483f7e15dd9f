import type { Branch, FileText } from './branch.ts'
import type { CardState } from './cards.ts'
import { pciFiles } from './gpu-branch.ts'
import type { Machine } from './machine.ts'
import { liveBranch } from './still-branch.ts'

const DRIVER = 'amdxdna'

/** AMD's neural units, as their driver shows them: Documentation/accel/amdxdna. Their power stands in the table of the graphics. */
export function npuBranch(machine: Machine): Branch {
  const files = new Map<string, () => FileText>()
  const links = new Map<string, string>()
  for (const card of machine.cards) {
    const { pci, access, kind } = card.spec
    if (kind !== 'npu') continue
    const device = `/sys/bus/pci/devices/${pci}`
    for (const [name, read] of pciFiles(machine, card)) files.set(`${device}/${name}`, read)
    if (access === 'absent') continue
    links.set(`${device}/driver`, `../../../bus/pci/drivers/${DRIVER}`)
    links.set(`/sys/bus/pci/drivers/${DRIVER}/${pci}`, `../../../../devices/pci0000:00/${pci}`)
    links.set(`/sys/class/accel/${accelName(machine, card)}/device`, `../../../${pci}`)
  }
  return liveBranch(files, links)
}

/** `accel0` */
export function accelName(machine: Machine, card: CardState): string {
  return `accel${machine.cards.filter(({ spec }) => spec.kind === 'npu').indexOf(card)}`
}
