import { ok } from '../../../../contract/result.ts'
import { WallMeter } from '../../../../contract/wall-meter.ts'
import type { ConfiguredMeter } from '../../../../engine/sources/wall/dialect.ts'

export const METER_ADDRESS = 'http://192.0.2.7'

/** A meter that was set up: a HomeWizard socket without a secret, where nothing else is said. */
export function meterWith(fields: Partial<WallMeter> = {}): ConfiguredMeter {
  const meter = WallMeter.parse({
    id: 'desk',
    name: 'Desk',
    dialect: 'homewizard',
    address: METER_ADDRESS,
    provenance: 'sensor',
    options: {},
    hasSecret: false,
    ...fields,
  })
  return { meter, secret: ok(null) }
}

/** Lets everything that was answered be taken in: no clock moves. */
export async function answered(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
