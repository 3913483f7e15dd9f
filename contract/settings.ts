import { z } from 'zod'
import { event, method } from './define.ts'
import { WallMeters } from './wall-meter.ts'

/** Every setting and its bounds, once. */
const fields = {
  theme: z.enum(['system', 'light', 'dark']),
  trayStyle: z.enum(['ring', 'digits', 'sparkline']),
  trayTitle: z.boolean(),
  startAtLogin: z.boolean(),
  firstRunDone: z.boolean(),
  /** Processes that Perwatt counts as AI although the catalogue leaves them out, and the reverse, by app id. */
  countAsAi: z.record(z.string(), z.boolean()),
  /** Names of OS accounts shown instead of "User 3". */
  showNames: z.boolean(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  pricePerKwh: z.number().min(0).max(10).nullable(),
  /** Plugs, UPSes and servers that are asked over the network. */
  wallMeters: WallMeters,
}

/** All of them, with their defaults. Unknown keys of a newer version are kept untouched in the file. */
export const Settings = z.object({
  theme: fields.theme.default('system'),
  trayStyle: fields.trayStyle.default('ring'),
  trayTitle: fields.trayTitle.default(false),
  startAtLogin: fields.startAtLogin.default(false),
  firstRunDone: fields.firstRunDone.default(false),
  countAsAi: fields.countAsAi.default({}),
  showNames: fields.showNames.default(false),
  currency: fields.currency.default('EUR'),
  pricePerKwh: fields.pricePerKwh.default(null),
  wallMeters: fields.wallMeters.default([]),
})
export type Settings = z.infer<typeof Settings>

/**
 * Some of them. Not `Settings.partial()`: zod fills its defaults in, and a change of one would reset all others. Meters are set up by
 * methods of their own, since a secret belongs to them.
 */
export const SettingsChange = z.object(fields).omit({ wallMeters: true }).partial()

export const settingsContract = {
  settings: method({ input: z.object({}), output: Settings }),
  changeSettings: method({ input: SettingsChange, output: Settings, problems: ['notWritable'], writes: true }),
  settingsChanged: event(Settings),
} as const
