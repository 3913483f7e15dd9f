import { type App, protocol } from 'electron'
import { SCHEME } from './security.ts'

/** What Chromium does for people who browse: looks for cast devices, grabs media keys, keeps a renderer in reserve. */
const UNWANTED_FEATURES = [
  'MediaRouter',
  'HardwareMediaKeyHandling',
  'SpareRendererForSitePerProcess',
  'OptimizationHints',
  'Translate',
  'AutofillServerCommunication',
]

const SWITCHES = [
  // No card is woken or held, and charts are drawn on a 2D canvas without one (DESIGN §4).
  'disable-gpu',
  'disable-software-rasterizer',
  // No packet of Chromium's own: components, field trials, domain reliability, crash reports.
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
