import type { Contract } from '../../contract/index.ts'
import type { Settings } from '../../contract/settings.ts'
import type { WireClient } from '../../contract/wire.ts'
import { isAiAtWork } from './face.ts'
import type { PerwattTray } from './tray.ts'

/**
 * While AI works, as often as the tray may change; while it rests, less often still. Asking costs a fraction of what
 * listening to every tick would.
 */
const AT_WORK_MS = 2_000
const AT_REST_MS = 5_000

/** Keeps the tray up to date while an engine runs, and costs nothing while none does. */
export class TrayFeed {
  readonly #wire: WireClient<Contract>
  readonly #tray: PerwattTray
  #timer: NodeJS.Timeout | null = null
  #isOn = false

  constructor(wire: WireClient<Contract>, tray: PerwattTray) {
    this.#wire = wire
    this.#tray = tray
    wire.on('settingsChanged', (settings) => this.#apply(settings))
  }

  start(): void {
    this.#isOn = true
    void this.refresh()
    void this.#wire.call('settings', {}).then((settings) => settings.ok && this.#apply(settings.value))
  }

  stop(): void {
    this.#isOn = false
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** Asks at once, and from then on at its own pace. */
  async refresh(): Promise<void> {
    const answer = await this.#wire.call('now', {})
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (!this.#isOn) return
    const now = answer.ok ? answer.value : null
    this.#tray.showNow(now)
    const isAtWork = now === null || now.state === 'warming' || isAiAtWork(now)
    this.#timer = setTimeout(() => this.refresh(), isAtWork ? AT_WORK_MS : AT_REST_MS)
  }

  #apply(settings: Settings): void {
    this.#tray.applySettings(settings)
  }
}
