import type { MemoryFile } from '../../support/memory-host.ts'
import { PowercapMachine } from './powercap.ts'

export const NPU_PCI = '0000:00:0b.0'
export const NPU_BUSY = '/sys/class/accel/accel0/device/npu_busy_time_us'

/** A laptop with an NPU as ivpu shows it in sysfs (drivers/accel/ivpu/ivpu_sysfs.c); `busyUs` is what its busy time reads. */
export function npuMachine(busyUs: MemoryFile = '5000000\n', driver = 'intel_vpu'): PowercapMachine {
  const machine = new PowercapMachine({ '0': { name: 'package-0' } })
  machine.host.write(NPU_BUSY, busyUs)
  machine.host.links.set('/sys/class/accel/accel0/device', `../../../${NPU_PCI}`)
  machine.host.links.set('/sys/class/accel/accel0/device/driver', `../../../bus/pci/drivers/${driver}`)
  return machine
}
