import { TrayHost, type TrayState } from './host.ts'

/** At login the panel may start after us; only after this is a missing tray worth a word. */
const GRACE_MS = 15_000

export type PresenceEvents = {
  /** Puts a new item on the bus. */
  registerAgain(): void
  /** Once: there is no tray, or it does not take the icon, so the app cannot be reached through it. */
  onMissing(state: Exclude<TrayState, 'shown'>): void
}

/** Whether the icon can be seen, from start to end: panels come, go and come back. */
export class TrayPresence {
  readonly #events: PresenceEvents
  #host: TrayHost | null = null
  #state: TrayState = 'shown'
  #isMissingTold = false
  /** One look at a time: a panel that restarts tells of its end and of its return within a moment. */
  #look: Promise<void> = Promise.resolve()

  constructor(events: PresenceEvents) {
    this.#events = events
  }

  get state(): TrayState {
    return this.#state
  }

  /** `isPatient`: nobody waits for the icon, so a panel that is late is waited for. */
  async start(isPatient: boolean): Promise<void> {
    if (process.platform !== 'linux') return
    this.#host = await TrayHost.open(process.pid, (isThere) => this.#hostChanged(isThere))
    await this.#lookAgain()
    if (this.#state === 'shown') return
    if (isPatient) setTimeout(() => this.#tellIfMissing(), GRACE_MS)
    else this.#tellIfMissing()
  }

  #hostChanged(isThere: boolean): void {
    if (isThere) void this.#lookAgain()
    else this.#state = 'absent'
  }

  #lookAgain(): Promise<void> {
    this.#look = this.#look.then(async () => {
      this.#state = (await this.#host?.state()) ?? 'absent'
      if (this.#state !== 'refused') return
      // An icon that met no tray host at its start fell back to an older protocol and stays there.
      this.#events.registerAgain()
      this.#state = (await this.#host?.state()) ?? 'absent'
    })
    return this.#look
  }

  #tellIfMissing(): void {
    if (this.#state === 'shown' || this.#isMissingTold) return
    this.#isMissingTold = true
    this.#events.onMissing(this.#state)
  }
}
