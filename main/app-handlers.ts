import { app, clipboard } from 'electron'
import type { AppHandlers, ScreenId } from '../contract/app.ts'
import { ok, problem } from '../contract/result.ts'
import type { EngineClient } from './engine-client.ts'
import type { EngineProcess } from './engine-process.ts'
import type { LoginItem } from './login.ts'
import type { TrayState } from './tray/host.ts'

export type AppParts = {
  readonly client: EngineClient
  readonly engine: EngineProcess
  readonly loginItem: LoginItem
  readonly trayState: () => TrayState
  readonly openDashboard: (screen?: ScreenId) => void
  readonly hidePopover: () => void
}

/** The fallback runtime of development is the only Electron this old that the app runs on. */
const OLDEST_SHIPPED_MAJOR = 40

/** What a window asks of the app itself. */
export function appHandlers(parts: AppParts): AppHandlers {
  return {
    appInfo: () =>
      ok({
        version: app.getVersion(),
        electron: process.versions.electron,
        node: process.versions.node,
        trayState: parts.trayState(),
        runtime: Number.parseInt(process.versions.electron, 10) < OLDEST_SHIPPED_MAJOR ? 'fallback' : 'official',
        loginItem: parts.loginItem.isOn(),
        engine: parts.engine.state,
      }),
    openDashboard: ({ screen }) => {
      parts.openDashboard(screen)
      return ok({})
    },
    hidePopover: () => {
      parts.hidePopover()
      return ok({})
    },
    async setStartAtLogin({ on }) {
      const done = parts.loginItem.set(on)
      if (!done.ok) return done
      const remembered = await parts.client.wire.call('changeSettings', { startAtLogin: on })
      return remembered.ok ? done : problem('notWritable', remembered.reason, remembered.remedy)
    },
    copyText: ({ text }) => {
      clipboard.writeText(text)
      return ok({})
    },
    restartEngine: async () => {
      await parts.engine.restartNow()
      return ok({})
    },
    quit: () => {
      app.quit()
      return ok({})
    },
  }
}
