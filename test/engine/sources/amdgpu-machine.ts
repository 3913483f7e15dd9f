import type { MachineFacts } from '../../../engine/host/host.ts'
import type { MemoryFile } from '../../support/memory-host.ts'
import { PowercapMachine } from './powercap.ts'

export type AmdGpuFiles = {
  card?: number
  pciId?: string
  /** `power1_average` and `power1_input`, µW. */
  average?: MemoryFile
  input?: MemoryFile
  capMax?: string
  metrics?: MemoryFile
  busy?: MemoryFile
  product?: string
  /** It has the voltage that only APUs have. */
  isApu?: boolean
  /** `power/runtime_status` and `power/control`. */
  status?: MemoryFile
  control?: string
}

/** A machine with AMD GPUs, written by PCI address. Its files are those of drivers/gpu/drm/amd/pm/amdgpu_pm.c; no real card stands behind them. */
export class AmdMachine extends PowercapMachine {
  constructor(gpus: Readonly<Record<string, AmdGpuFiles>> = {}, facts: Partial<MachineFacts> = {}) {
    super({}, facts)
    for (const [index, [address, files]] of Object.entries(gpus).entries())
      this.plug(address, { card: index, ...files })
  }

  plug(address: string, files: AmdGpuFiles): void {
    const { host } = this
    const path = cardPath(files.card)
    const pciId = files.pciId ?? '1002:73BF'
    host.write(`${path}/uevent`, `DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=${pciId}\nPCI_SLOT_NAME=${address}\n`)
    const write = (name: string, content: MemoryFile | undefined) => {
      if (content !== undefined) host.write(`${path}/${name}`, content)
    }
    write('hwmon/hwmon3/name', 'amdgpu\n')
    write('hwmon/hwmon3/power1_average', files.average)
    write('hwmon/hwmon3/power1_input', files.input)
    write('hwmon/hwmon3/power1_cap_max', files.capMax)
    write('hwmon/hwmon3/in1_input', files.isApu ? '800\n' : undefined)
    write('gpu_metrics', files.metrics)
    write('gpu_busy_percent', files.busy)
    write('product_name', files.product)
    host.write(`/sys/bus/pci/devices/${address}/power/runtime_status`, files.status ?? 'active\n')
    host.write(`/sys/bus/pci/devices/${address}/power/control`, `${files.control ?? 'on'}\n`)
  }

  unplug(card = 0): void {
    for (const path of [...this.host.memory.keys()]) if (path.startsWith(`${cardPath(card)}/`)) this.host.remove(path)
  }

  /** What its files now say. */
  show(name: string, content: MemoryFile, card = 0): void {
    this.host.write(`${cardPath(card)}/${name}`, content)
  }

  status(address: string, status: string): void {
    this.host.write(`/sys/bus/pci/devices/${address}/power/runtime_status`, `${status}\n`)
  }
}

function cardPath(card = 0): string {
  return `/sys/class/drm/card${card}/device`
}
