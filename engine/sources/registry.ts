import { amdgpu } from './amdgpu.ts'
import { battery } from './battery.ts'
import { batteryWindows } from './battery-windows.ts'
import { emi } from './emi.ts'
import { estimate } from './estimate.ts'
import { hwmon } from './hwmon.ts'
import { ioreport } from './ioreport.ts'
import { npu } from './npu.ts'
import { nvidiaSmi } from './nvidia-smi.ts'
import { nvml } from './nvml.ts'
import { rapl } from './rapl.ts'
import { smartBattery } from './smart-battery.ts'
import { smc } from './smc.ts'
import type { Source } from './source.ts'
import { wall } from './wall.ts'

/** Best provenance first. Probed in this order, so that `estimate` sees what the others measure. */
export const sources: readonly Source[] = [
  nvml,
  nvidiaSmi,
  rapl,
  ioreport,
  emi,
  amdgpu,
  hwmon,
  battery,
  batteryWindows,
  smc,
  smartBattery,
  npu,
  wall,
  estimate,
]
