import { problem } from '../../contract/result.ts'
import { NvmlMachine, PCI } from '../engine/sources/nvml-machine.ts'

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
  files: ['vendor', 'class', 'power/runtime_status', 'power/control'].map(
    (file) => `/sys/bus/pci/devices/${PCI}/${file}`,
  ),
}
