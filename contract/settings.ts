import { z } from 'zod'
import { event, method } from './define.ts'
import { AddedServer, MeterSetting } from './servers.ts'
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
  /** Apps answer for their part of the machine's overhead too, where a meter tells it. */
  countOverhead: z.boolean(),
  /** What a room's cooling adds to each watt of the machine: its PUE. 1: nothing. */
  coolingFactor: z.number().min(1).max(3),
  /** Plugs, UPSes and servers that are asked over the network. */
  wallMeters: WallMeters,
  /** Ids of meters that were taken away: each names a history, so none is given again. */
  formerMeterIds: z.array(z.string().max(40)).max(1_000),
  /** AI servers that the user named. */
  servers: z.array(AddedServer).max(64),
  /** Metering proxies that are switched on. */
  metering: z.array(MeterSetting).max(32),
  /** How many days single requests are kept before they are folded into the hours. */
  requestDays: z.int().min(0).max(90),
  /** A published figure stands in for the energy of answers that were computed elsewhere, marked as an estimate. */
  estimateRemote: z.boolean(),
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
  countOverhead: fields.countOverhead.default(false),
  coolingFactor: fields.coolingFactor.default(1),
  wallMeters: fields.wallMeters.default([]),
  formerMeterIds: fields.formerMeterIds.default([]),
  servers: fields.servers.default([]),
  metering: fields.metering.default([]),
  requestDays: fields.requestDays.default(14),
  estimateRemote: fields.estimateRemote.default(false),
})
export type Settings = z.infer<typeof Settings>

/**
 * Some of them. Not `Settings.partial()`: zod fills its defaults in, and a change of one would reset all others. Meters are set up by
 * methods of their own, since a secret belongs to them.
 */
export const SettingsChange = z
  .object(fields)
  .omit({ wallMeters: true, formerMeterIds: true, servers: true, metering: true })
  .partial()

export const settingsContract = {
  settings: method({ input: z.object({}), output: Settings }),
  changeSettings: method({ input: SettingsChange, output: Settings, problems: ['notWritable'], writes: true }),
  settingsChanged: event(Settings),
} as const
