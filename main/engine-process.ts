import type { EngineState } from '../contract/app.ts'
import { afterEnd, afterRefusal, type Backoff, NO_FAILURE } from './backoff.ts'
import type { ChildEvents, EngineChild } from './engine-child.ts'
import { type EngineClient, socketOf } from './engine-client.ts'

export type EngineOptions = {
  readonly dataDir: string
  readonly startChild: (events: ChildEvents) => EngineChild
  readonly onState: (state: EngineState) => void
}

/** A stop flushes the ledger with a sync; a disk that sleeps takes seconds for it. */
const STOP_TIMEOUT_MS = 10_000
/** Set-up that hangs must not leave the tray hollow without a word. */
const READY_TIMEOUT_MS = 30_000

/**
 * Sees to it that an engine serves the data directory: attaches to one that does, else starts its own, and does so again
 * with a growing wait whenever it is gone. An engine of somebody else is left alone when we end.
 */
export class EngineProcess {
  readonly #client: EngineClient
  readonly #options: EngineOptions
  #child: EngineChild | null = null
  #whenChildEnded: Promise<void> = Promise.resolve()
  #backoff: Backoff = NO_FAILURE
  #startedMs = 0
  #timer: NodeJS.Timeout | null = null
  #isStopping = false
  #state: EngineState = { state: 'starting', reason: null, attempts: 0 }

  constructor(client: EngineClient, options: EngineOptions) {
    this.#client = client
    this.#options = options
  }

  get state(): EngineState {
    return this.#state
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  async start(): Promise<void> {
    this.#timer = null
    const attached = await this.#client.connect(socketOf(this.#options.dataDir), () => this.#lostAttached())
    if (this.#isStopping) return
    if (attached.ok) this.#runs()
    else if (attached.code === 'foreign') this.#refused(attached.reason)
    else this.#startOwn()
  }

  /** At the user's wish: at once, and with a clean record. */
  async restartNow(): Promise<void> {
    if (this.#state.state === 'running' || this.#state.state === 'starting') return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#backoff = NO_FAILURE
    this.#tell('starting', null)
    await this.start()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    const child = this.#child
    if (child !== null) {
      const impatience = setTimeout(() => child.kill(), STOP_TIMEOUT_MS)
      const isAsked = await this.#client.wire.call('stop', {})
      // Not connected yet, so there is nothing to flush either.
      if (!isAsked.ok && isAsked.code === 'engineDown') child.kill()
      await this.#whenChildEnded
      clearTimeout(impatience)
    }
    this.#client.disconnect()
  }

  #startOwn(): void {
    this.#startedMs = performance.now()
    let refusal: string | null = null
    let markEnded = () => {}
    this.#whenChildEnded = new Promise((resolve) => {
      markEnded = resolve
    })
    const child = this.#options.startChild({
      onAnnouncement: (announcement) => {
        clearTimeout(patience)
        if ('failed' in announcement) {
          refusal = announcement.failed.reason
          // Its channel to us holds it, and it has nothing left to do.
          child.kill()
        } else void this.#connectOwn(announcement.socket)
      },
      onExit: (how) => {
        clearTimeout(patience)
        this.#child = null
        this.#client.disconnect()
        markEnded()
        if (this.#isStopping) return
        if (refusal !== null) this.#refused(refusal)
        else this.#ended(reasonOf(how))
      },
    })
    const patience = setTimeout(() => child.kill(), READY_TIMEOUT_MS)
    this.#child = child
  }

  async #connectOwn(socket: string): Promise<void> {
    const connected = await this.#client.connect(socket, () => {
      // A live child that no longer talks is of no use; its exit starts the next one.
      if (!this.#isStopping) this.#child?.kill()
    })
    if (connected.ok) this.#runs()
    else this.#child?.kill()
  }

  #lostAttached(): void {
    if (!this.#isStopping) this.#ended('The engine that this app was attached to has ended.')
  }

  #runs(): void {
    this.#startedMs = performance.now()
    this.#tell('running', null)
  }

  #ended(reason: string): void {
    const ranForMs = this.#state.state === 'running' ? performance.now() - this.#startedMs : 0
    this.#backoff = afterEnd(this.#backoff, ranForMs)
    this.#tryLater(reason)
  }

  #refused(reason: string): void {
    this.#backoff = afterRefusal(this.#backoff)
    this.#tryLater(reason)
  }

  #tryLater(reason: string): void {
    this.#tell(this.#backoff.isDown ? 'down' : 'restarting', reason)
    this.#timer = setTimeout(() => this.start(), this.#backoff.waitMs)
  }

  #tell(state: EngineState['state'], reason: string | null): void {
    this.#state = { state, reason, attempts: this.#backoff.attempts }
    this.#options.onState(this.#state)
  }
}

function reasonOf({ code, signal, complaint }: Parameters<ChildEvents['onExit']>[0]): string {
  const how = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`
  return complaint === null
    ? `The engine ended unexpectedly (${how}).`
    : `The engine ended unexpectedly (${how}): ${complaint}`
}
