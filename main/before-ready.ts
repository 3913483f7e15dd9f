import { type App, protocol } from 'electron'
import { SCHEME } from './security.ts'

/** Things that Chromium does by itself and a meter must not: fetch dictionaries and components, look for cast devices. */
const UNWANTED_FEATURES = [
  'SpareRendererForSitePerProcess',
  'HardwareMediaKeyHandling',
  'MediaRouter',
  'OptimizationHints',
  'Translate',
  'AutofillServerCommunication',
]

const SWITCHES = [
  // No card is woken or held, and charts are drawn on a 2D canvas without one (DESIGN §4).
  'disable-gpu',
  'disable-software-rasterizer',
  'disable-component-update',
  'disable-background-networking',
  'disable-domain-reliability',
  'disable-breakpad',
  'no-pings',
]

/** What only counts before Electron is ready. */
export function applySwitches(app: Pick<App, 'disableHardwareAcceleration' | 'commandLine'>): void {
  app.disableHardwareAcceleration()
  for (const name of SWITCHES) app.commandLine.appendSwitch(name)
  app.commandLine.appendSwitch('disable-features', UNWANTED_FEATURES.join(','))
}

/** A standard scheme has an origin, a secure one may be given what secure pages may use; nothing else is granted. */
export function applySchemes(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }])
}
