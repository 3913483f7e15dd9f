import { WallMeter } from '../../contract/wall-meter.ts'
import type { Host } from '../../engine/host/host.ts'
import { realHost } from '../../engine/host/real.ts'
import { createVendorPort, type VendorPort } from '../../engine/vendor/client.ts'
import { vendorUnderNode } from '../../engine/vendor/vendor-process.ts'
import { SOURCE_FACTS } from './source-tree.ts'

/** The real host, which reads the devices of another tree, asks a real vendor process, and believes that it is another machine. */
export function sourceHost(order: { readonly sysfs: string; readonly vendorFile: string }): {
  host: Host
  port: VendorPort
} {
  const real = realHost({ sysfs: order.sysfs })
  const port = createVendorPort({
    start: vendorUnderNode(new URL(order.vendorFile), real.clock),
    clock: real.clock,
  })
  const host = { ...real, selfPid: process.pid, facts: async () => SOURCE_FACTS, vendor: port.session }
  return { host, port }
}

/** The plug, as a user would have set it up. */
export function plugAt(address: string): WallMeter {
  return WallMeter.parse({
    ...{
      id: 'plug',
      name: 'Plug',
      dialect: 'homewizard',
      address,
      provenance: 'sensor',
      options: {},
      hasSecret: false,
    },
  })
}
