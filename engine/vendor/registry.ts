import { acceleratorsDriver } from './accelerators.ts'
import { batteryWindowsDriver } from './battery-windows.ts'
import type { VendorDriver } from './driver.ts'
import { emiDriver } from './emi.ts'
import { ioreportDriver } from './ioreport.ts'
import { libprocDriver } from './libproc.ts'
import { nvmlDriver } from './nvml.ts'
import { pdhDriver } from './pdh.ts'
import { processesWindowsDriver } from './processes-windows.ts'
import { smartBatteryDriver } from './smart-battery.ts'
import { smcDriver } from './smc.ts'

/** Every driver library that can be loaded, by name. */
export const vendorDrivers: readonly VendorDriver[] = [
  nvmlDriver,
  ioreportDriver,
  smcDriver,
  smartBatteryDriver,
  libprocDriver,
  acceleratorsDriver,
  emiDriver,
  batteryWindowsDriver,
  pdhDriver,
  processesWindowsDriver,
]
