import type { AppSays } from '../contract/engine-child.ts'

/** What is used of Electron's `UtilityProcess`; `Port` is its `MessagePortMain`. */
export type Utility<Port> = {
  /** Known between its `spawn` and its `exit`. */
  readonly pid: number | undefined
  postMessage(message: unknown, transfer: Port[]): void
  once(event: 'spawn', take: () => void): unknown
  once(event: 'exit', take: (code: number) => void): unknown
  kill(): boolean
}

export type VendorParts<Port> = {
  fork(): Utility<Port>
  channel(): { readonly port1: Port; readonly port2: Port }
  tell(message: AppSays, transfer: Port[]): void
}

/** The vendor processes of one engine, which cannot start them itself: each is connected to it by a port, and ends with it at the latest. */
export class Vendors<Port> {
  readonly #parts: VendorParts<Port>
  readonly #running = new Map<number, { readonly child: Utility<Port>; isUnwanted: boolean }>()

  constructor(parts: VendorParts<Port>) {
    this.#parts = parts
  }

  start(id: number): void {
    if (this.#running.has(id)) return
    const { port1, port2 } = this.#parts.channel()
    const child = this.#forked(id)
    if (child === null) return
    const vendor = { child, isUnwanted: false }
    this.#running.set(id, vendor)
    child.once('spawn', () => {
      if (vendor.isUnwanted || child.pid === undefined) killAtOnce(child)
      else this.#parts.tell({ vendorStarted: id, pid: child.pid }, [port2])
    })
    child.once('exit', (code) => {
      this.#running.delete(id)
      // On Linux and macOS this is waitpid's: the number of the signal where one ended it (tried with Electron 25).
      this.#parts.tell({ vendorEnded: id, how: `code ${code}` }, [])
    })
    child.postMessage(null, [port1])
  }

  kill(id: number): void {
    const vendor = this.#running.get(id)
    if (vendor === undefined) return
    // Before it has started there is nothing to kill yet.
    vendor.isUnwanted = true
    killAtOnce(vendor.child)
  }

  /** The engine is gone, and nobody is left who would end them. */
  endAll(): void {
    for (const id of this.#running.keys()) this.kill(id)
  }

  #forked(id: number): Utility<Port> | null {
    try {
      return this.#parts.fork()
    } catch (error) {
      this.#parts.tell({ vendorEnded: id, how: error instanceof Error ? error.message : String(error) }, [])
      return null
    }
  }
}

/** `UtilityProcess.kill` asks with SIGTERM, which a process that hangs while it handles that signal itself does not hear. */
export function killAtOnce(child: Pick<Utility<unknown>, 'pid' | 'kill'>): void {
  if (child.pid === undefined) return
  try {
    process.kill(child.pid, 'SIGKILL')
  } catch {
    // It has ended, and Electron has yet to hear of it.
    child.kill()
  }
}
