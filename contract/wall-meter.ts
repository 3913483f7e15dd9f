import { z } from 'zod'
import { originOf } from './origin.ts'
import { Provenance } from './units.ts'

/** How a wall meter is spoken to, one name an interface (engine/sources/wall). */
export const MeterDialect = z.enum([
  'shelly-1',
  'shelly-2',
  'tasmota',
  'tasmota-mqtt',
  'home-assistant',
  'homewizard',
  'fritz',
  'esphome',
  'nut',
  'redfish',
  'prometheus',
])
export type MeterDialect = z.infer<typeof MeterDialect>

const printable = (length: number) => z.string().regex(new RegExp(`^[^\\p{Cc}]{1,${length}}$`, 'u'))

/** Scheme, host and port, and nothing else: a password or a path in an address would be shown wherever the address is. */
const Address = z
  .string()
  .max(200)
  .refine(isAddress, 'expected an address such as http://192.168.1.20, tcp://nas.local:3493 or mqtt://nas.local')

/** A plug, power strip, UPS or server that measures this machine from outside, as the user set it up. Its secret lies elsewhere. */
export const WallMeter = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/),
  name: printable(60),
  dialect: MeterDialect,
  address: Address,
  /** As the test found it: the energy register where it is fine enough, else watts; a UPS without a watt meter is an estimate. */
  provenance: Provenance,
  options: z.strictObject({
    /** Which of the meter's outlets, channels, entities or metrics, as the test named it. */
    unit: printable(400).exactOptional(),
    user: printable(100).exactOptional(),
    /** Tasmota over MQTT: the topic that the plug was given; or, where its full topic was changed, that one with `%prefix%` left in it. */
    topic: z
      .string()
      .max(120)
      .regex(/^[^\p{Cc}+#/]+(\/[^\p{Cc}+#/]+)*$/u)
      .exactOptional(),
    /** Of a certificate that no authority vouches for: SHA-256 in hex, as it was seen first. */
    certificateSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .exactOptional(),
    /** Prometheus: where the text is ("/metrics" where it is not said), and what its number counts. */
    path: z
      .string()
      .regex(/^\/[!-~]{0,200}$/)
      .exactOptional(),
    quantity: z.enum(['uW', 'mW', 'W', 'kW', 'uJ', 'mJ', 'J', 'kJ', 'Wh', 'kWh']).exactOptional(),
  }),
  hasSecret: z.boolean(),
})
export type WallMeter = z.infer<typeof WallMeter>

/** Ids name history: none twice. */
export const WallMeters = z
  .array(WallMeter)
  .max(16)
  .refine((meters) => new Set(meters.map(({ id }) => id)).size === meters.length, 'expected each id once')

function isAddress(text: string): boolean {
  return /^((https?|mqtts?):\/\/[^\s/?#@\\]+|tcp:\/\/[^\s/?#@\\]+:\d+)$/.test(text) && originOf(text) !== null
}
