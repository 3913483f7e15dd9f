import { ok, problem } from '../../contract/result.ts'
import type { Plain } from './apple/core-foundation.ts'
import { openIoKit } from './apple/io-kit.ts'
import type { VendorDriver } from './driver.ts'

/** What `read` tells: the properties as the registry holds them; whole numbers as decimal strings, `null` where one is missing. */
export type SmartBatteryAnswer = { readonly properties: Readonly<Record<string, Plain>> }

/** mV, mA (negative: discharging), flags, and the battery controller's own account of power on Apple silicon. */
const PROPERTIES = ['Voltage', 'Amperage', 'InstantAmperage', 'ExternalConnected', 'PowerTelemetryData'] as const

/** The battery of a portable Mac in the registry, as `ioreg -rn AppleSmartBattery` prints it. */
export const smartBatteryDriver: VendorDriver = {
  name: 'smart-battery',
  platforms: ['darwin'],
  open(host) {
    const opened = openIoKit(host)
    if (!opened.ok) return opened
    const kit = opened.value
    const batteries = kit.services('AppleSmartBattery')
    const [battery] = batteries
    if (battery === undefined) return problem('absent', 'This Mac has no battery.')
    return ok({
      read: (): SmartBatteryAnswer => ({
        properties: Object.fromEntries(PROPERTIES.map((name) => [name, kit.property(battery, name)])),
      }),
      close: () => kit.release(batteries),
    })
  },
}
