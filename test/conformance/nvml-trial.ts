import { problem } from '../../contract/result.ts'
import { SmiMachine } from '../engine/sources/nvidia-smi-machine.ts'
import { NvmlMachine, PCI } from '../engine/sources/nvml-machine.ts'

const CARD_FILES = ['vendor', 'class', 'power/runtime_status', 'power/control'].map(
  (file) => `/sys/bus/pci/devices/${PCI}/${file}`,
)

/** What the source of NVIDIA's cards is tried on: a scripted vendor process, and files of sysfs. */
export const nvmlTrial = {
  reads: () => new NvmlMachine(),
  fails: {
    absent: () => new NvmlMachine({}),
    hidden() {
      const machine = new NvmlMachine({ [PCI]: {} }, { virtualisation: 'container' })
      machine.fault = problem('absent', 'NVIDIA’s library is not installed.')
      return machine
    },
    denied: () => new NvmlMachine({ [PCI]: { code: 4 } }),
    broken() {
      const machine = new NvmlMachine()
      machine.init = 18
      return machine
    },
  },
  files: CARD_FILES,
}

/** The program in its place; the library is not here. */
export const nvidiaSmiTrial = {
  reads: () => new SmiMachine(),
  fails: {
    absent: () => new SmiMachine({ tool: problem('absent', 'No such program.') }),
    denied: () => new SmiMachine({ exitCode: 4 }),
    broken: () => new SmiMachine({ cards: 'Something went wrong\n' }),
  },
  files: CARD_FILES,
}
