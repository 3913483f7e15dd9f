import { busCall, connectSessionBus, propertyCall, type SessionBus } from '../desktop/session-bus.ts'

/** `absent`: no tray host on this desktop; `refused`: there is one, and our icon is not among its items. */
export type TrayState = 'shown' | 'absent' | 'refused'

const WATCHER = 'org.kde.StatusNotifierWatcher'
const WATCHER_PATH = '/StatusNotifierWatcher'
const OWNER_RULE = `type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${WATCHER}'`
/** A panel takes an item within milliseconds; one that is being started with the session needs longer to listen. */
const ATTEMPTS = 10
const BETWEEN_ATTEMPTS_MS = 200

/**
 * Whether the desktop took our icon: Electron itself neither asks nor tells. Linux only; elsewhere a tray always exists.
 * `onHostChange` is told when a tray host came or went.
 */
export class TrayHost {
  readonly #bus: SessionBus
  readonly #pid: number

  private constructor(bus: SessionBus, pid: number) {
    this.#bus = bus
    this.#pid = pid
  }

  /** `null` without a session bus: then there is no tray that we could be in either. */
  static async open(pid: number, onHostChange: (isThere: boolean) => void): Promise<TrayHost | null> {
    const bus = await connectSessionBus(process.env.DBUS_SESSION_BUS_ADDRESS, process.getuid?.() ?? 0)
    if (bus === null) return null
    await bus.listen(OWNER_RULE, ({ member, body }) => {
      if (member === 'NameOwnerChanged' && body[0] === WATCHER) onHostChange(body[2] !== '')
    })
    return new TrayHost(bus, pid)
  }

  async state(): Promise<TrayState> {
    const [isOwned] = (await this.#bus.ask(busCall('NameHasOwner', WATCHER))) ?? [false]
    if (isOwned !== true) return 'absent'
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if ((await this.#hasHost()) && (await this.#hasOurItem())) return 'shown'
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_ATTEMPTS_MS))
    }
    return (await this.#hasHost()) ? 'refused' : 'absent'
  }

  close(): void {
    this.#bus.close()
  }

  /** Items are told as "bus name/object path"; whose they are, only the bus knows. */
  async #hasOurItem(): Promise<boolean> {
    const [items] = (await this.#ask('RegisteredStatusNotifierItems')) ?? []
    if (!Array.isArray(items)) return false
    for (const item of items) {
      const [name] = String(item).split('/', 1)
      const [pid] = (await this.#bus.ask(busCall('GetConnectionUnixProcessID', name ?? ''))) ?? []
      if (pid === this.#pid) return true
    }
    return false
  }

  /** A watcher keeps the list, a host draws it; a desktop may have the first without the second. */
  async #hasHost(): Promise<boolean> {
    const [isThere] = (await this.#ask('IsStatusNotifierHostRegistered')) ?? []
    return isThere === true
  }

  #ask(property: string): Promise<readonly unknown[] | null> {
    return this.#bus.ask(propertyCall(WATCHER, WATCHER_PATH, WATCHER, property))
  }
}
