import type { VendorDriver } from './driver.ts'

/** Every driver library that can be loaded, by name. */
export const vendorDrivers: readonly VendorDriver[] = []
