import { type Branch, FAULTS, type FileText } from './branch.ts'
import type { CardState, CardUser } from './cards.ts'
import { FIRST_RENDER_NODE } from './gpu-branch.ts'
import { drmFdinfo, isToldByKernel } from './gpu-text.ts'
import type { Machine } from './machine.ts'
import { accelName } from './npu-branch.ts'
import type { ProcessState } from './processes.ts'

const STANDARD = ['0', '1', '2']
/** Of the card's node, which a process that uses the card has open all its life. */
const CARD_DESCRIPTOR = '7'
const PATH = /^\/proc\/(\d+)\/(fd|fdinfo)(?:\/(\d+))?$/

type Found = { readonly process: ProcessState; readonly folder: string; readonly descriptor: string | undefined }

/** Open descriptors of processes: standard streams, and the node of a card. For one's own processes alone (proc(5)). */
export function fdBranch(machine: Machine): Branch {
  const uses = new Map<ProcessState, { readonly card: CardState; readonly user: CardUser }>()
  for (const card of machine.cards) {
    if (isToldByKernel(card.spec)) for (const user of card.users) uses.set(user.process, { card, user })
  }

  /** `null`: no such path is a descriptor's. */
  function find(path: string): Found | 'absent' | 'denied' | null {
    const match = PATH.exec(path)
    if (match === null) return null
    const process = machine.living().get(Number(match[1]))
    if (process === undefined || process.phase !== 'alive') return 'absent'
    const { meterUid } = machine.rig
    if (meterUid !== 0 && process.spec.uid !== meterUid) return 'denied'
    return { process, folder: match[2] ?? '', descriptor: match[3] }
  }

  function infoOf(process: ProcessState): FileText {
    const use = uses.get(process)
    if (use === undefined || process.phase !== 'alive') return FAULTS.gone
    return drmFdinfo(machine, use.card, use.user)
  }

  return {
    file(path) {
      const found = find(path)
      if (found === null) return null
      if (typeof found === 'string') return () => FAULTS[found]
      const isCard = found.folder === 'fdinfo' && found.descriptor === CARD_DESCRIPTOR && uses.has(found.process)
      return isCard ? () => infoOf(found.process) : () => FAULTS.absent
    },
    names(path) {
      const found = find(path)
      if (found === null) return null
      if (typeof found === 'string') return FAULTS[found]
      if (found.descriptor !== undefined) return FAULTS.absent
      return uses.has(found.process) ? [...STANDARD, CARD_DESCRIPTOR] : STANDARD
    },
    link(path) {
      const found = find(path)
      if (found === null) return null
      if (typeof found === 'string') return FAULTS[found]
      const { process, folder, descriptor } = found
      if (folder !== 'fd' || descriptor === undefined) return FAULTS.absent
      if (STANDARD.includes(descriptor)) return '/dev/null'
      const use = uses.get(process)
      if (use === undefined || descriptor !== CARD_DESCRIPTOR) return FAULTS.absent
      const { card } = use
      if (card.spec.kind === 'npu') return `/dev/accel/${accelName(machine, card)}`
      return `/dev/dri/renderD${FIRST_RENDER_NODE + card.number}`
    },
    ownerUid: () => null,
  }
}
