import { ok, type Problem, problem } from '../../../contract/result.ts'
import type { CommandFault, MachineFacts } from '../../../engine/host/host.ts'
import { NvmlMachine, PCI } from './nvml-machine.ts'

export const UUID = 'GPU-8f6a1c2e-0000-1111-2222-333344445555'

/** A line of `--query-gpu` with the fields that Perwatt asks for, as the tool prints it (docs.nvidia.com/deploy/nvidia-smi). */
export function cardLine(card: {
  pci?: string
  uuid?: string
  powerW?: string
  limitW?: string
  busy?: string
  /** `null`: a tool that does not know the field. */
  averageW?: string | null
  name?: string
}): string {
  const { pci = PCI, uuid = UUID, powerW = '61.50', limitW = '450.00', busy = '0', averageW = '60.00' } = card
  const address = `0000${pci}`.toUpperCase()
  const average = averageW === null ? [] : [averageW]
  return `${[address, uuid, powerW, limitW, busy, ...average, card.name ?? 'NVIDIA GeForce RTX 4090'].join(', ')}\n`
}

type Told = {
  cards?: string
  processes?: string
  exitCode?: number
  tool?: Problem<CommandFault>
  /** Version before `power.draw.average`. */
  isOld?: boolean
  facts?: Partial<MachineFacts>
}

/** A machine with NVIDIA's tool and without its library; the tool is a double that prints what its documentation says. */
export class SmiMachine extends NvmlMachine {
  told: Told
  readonly commands: string[] = []
  /** Runs that a test lets end one by one; `null`: they end at once. */
  waiting: (() => void)[] | null = null

  constructor(told: Told = {}) {
    super(undefined, told.facts)
    this.fault = problem('absent', 'NVIDIA’s library is not installed.')
    this.told = told
    this.host.command = async (argv) => {
      this.commands.push(argv.join(' '))
      const { waiting } = this
      if (waiting !== null) await new Promise<void>((resolve) => waiting.push(resolve))
      const { cards = cardLine({}), processes = '', exitCode = 0, tool, isOld = false } = this.told
      if (tool !== undefined) return tool
      const asks = argv[1] ?? ''
      const isRefused = isOld && asks.includes('power.draw.average')
      const stdout = asks.startsWith('--query-compute-apps') ? processes : cards
      return ok({ exitCode: isRefused ? 2 : exitCode, stdout: exitCode === 0 && !isRefused ? stdout : '', stderr: '' })
    }
  }
}
