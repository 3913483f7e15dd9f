import { z } from 'zod'
import type { Client, EventName, Handlers, MethodName } from './define.ts'
import { event, method } from './define.ts'
import type { Contract } from './index.ts'

/** What the window asks of the app around it rather than of the engine. Answered by main, never forwarded. */

/** A screen of the dashboard, as `renderer/screens/registry.ts` names it. */
export const ScreenId = z.enum(['now', 'apps', 'models', 'sources', 'settings'])
export type ScreenId = z.infer<typeof ScreenId>

export const EngineState = z.object({
  state: z.enum(['starting', 'running', 'restarting', 'down']),
  /** Why it is not running, in a sentence for a person; `null` while it runs. */
  reason: z.string().nullable(),
  /** Restarts since it last ran for long enough to be trusted. */
  attempts: z.int().nonnegative(),
})
export type EngineState = z.infer<typeof EngineState>

export const AppInfo = z.object({
  version: z.string(),
  electron: z.string(),
  /** Node.js inside the app; the engine may run under another. */
  node: z.string(),
  /** `absent`: this desktop has no tray host; `refused`: it has one that did not take the icon. */
  trayState: z.enum(['shown', 'absent', 'refused']),
  /** `fallback`: the development runtime of DESIGN §7, never packaged. */
  runtime: z.enum(['official', 'fallback']),
  /** Whether the app starts with the session; `null` where this desktop cannot be asked. */
  loginItem: z.boolean().nullable(),
  engine: EngineState,
})
export type AppInfo = z.infer<typeof AppInfo>

export const appContract = {
  appInfo: method({ input: z.object({}), output: AppInfo }),
  openDashboard: method({ input: z.object({ screen: ScreenId.optional() }), output: z.object({}), writes: true }),
  hidePopover: method({ input: z.object({}), output: z.object({}), writes: true }),
  /** Adds or removes the login item and remembers the choice in the settings. */
  setStartAtLogin: method({
    input: z.object({ on: z.boolean() }),
    output: z.object({ loginItem: z.boolean().nullable() }),
    problems: ['notSupported', 'notWritable'],
    writes: true,
  }),
  copyText: method({ input: z.object({ text: z.string().max(10_000) }), output: z.object({}), writes: true }),
  restartEngine: method({ input: z.object({}), output: z.object({}), writes: true }),
  quit: method({ input: z.object({}), output: z.object({}), writes: true }),
  engineState: event(EngineState),
  /** The open dashboard is asked to show a screen. */
  navigate: event(z.object({ screen: ScreenId })),
  /** The desktop's own theme changed; followed where the setting says `system`. */
  themeChanged: event(z.object({ dark: z.boolean() })),
} as const

export type AppContract = typeof appContract
export type AppHandlers = Handlers<AppContract>
export type AppMethod = MethodName<AppContract>
export type AppEvent = EventName<AppContract>

/** What the preload script puts on `window`: both contracts behind one `call` and one `on`. */
export type Bridge = Client<Contract & AppContract> & { readonly platform: 'linux' | 'darwin' | 'win32' }
