import { AppSays, type EngineSays, type KeyringAnswer } from '../contract/engine-child.ts'
import type { Keyring } from './store/keyring-key.ts'
import { type MessagePort, type ParentPort, parentPort } from './vendor/ports.ts'
import type { VendorLauncher } from './vendor/vendor-utility.ts'

/** The engine's end of what it says to the app that started it (contract/engine-child.ts). */
export interface AppChannel {
  post(message: EngineSays): void
  /** The app is gone. */
  readonly ended: Promise<void>
  /** `null` under a Node of our own, which starts its vendor process itself. */
  readonly launcher: VendorLauncher | null
  readonly keyring: Keyring
}

/** What carries it: a utility process has a port to main, a child under Node has Node's own channel. */
export type Carrier = {
  post(message: EngineSays): void
  listen(take: (message: unknown, ports: readonly MessagePort[]) => void): void
  readonly ended: Promise<void>
  /** Whether message ports can come over it. */
  readonly carriesPorts: boolean
}

type Launched = Parameters<VendorLauncher['launch']>[0]

export function openAppChannel(carrier: Carrier = carrierOf(parentPort())): AppChannel {
  const vendors = new Map<number, Launched>()
  const questions = new Map<number, (answer: KeyringAnswer) => void>()
  let nextId = 0

  carrier.listen((message, ports) => {
    const parsed = AppSays.safeParse(message)
    if (!parsed.success) return closeAll(ports)
    const said = parsed.data
    if ('vendorStarted' in said) {
      const [port, ...others] = ports
      closeAll(others)
      if (port !== undefined) vendors.get(said.vendorStarted)?.onPort(port, said.pid)
    } else if ('vendorEnded' in said) {
      const launched = vendors.get(said.vendorEnded)
      vendors.delete(said.vendorEnded)
      launched?.onEnd(said.how)
    } else {
      const answer = questions.get(said.keyring)
      questions.delete(said.keyring)
      answer?.(said.answer)
    }
  })

  function askKeyring(keyring: 'seal' | 'unseal', text: string): Promise<KeyringAnswer> {
    const id = nextId++
    carrier.post({ keyring, id, text })
    return new Promise((resolve) => questions.set(id, resolve))
  }

  return {
    post: carrier.post,
    ended: carrier.ended,
    launcher: carrier.carriesPorts
      ? {
          launch(events) {
            const id = nextId++
            vendors.set(id, events)
            carrier.post({ startVendor: id })
            return { kill: () => vendors.has(id) && carrier.post({ killVendor: id }) }
          },
        }
      : null,
    keyring: { seal: (hex) => askKeyring('seal', hex), unseal: (sealed) => askKeyring('unseal', sealed) },
  }
}

function closeAll(ports: readonly MessagePort[]): void {
  for (const port of ports) port.close()
}

function carrierOf(parent: ParentPort | null): Carrier {
  if (parent !== null) {
    return {
      post: (message) => parent.postMessage(message),
      listen: (take) => void parent.on('message', ({ data, ports }) => take(data, ports)),
      // A utility process is ended with the app by Chromium itself.
      ended: new Promise(() => {}),
      carriesPorts: true,
    }
  }
  return {
    post(message) {
      if (process.connected) process.send?.(message)
    },
    listen: (take) => void process.on('message', (message) => take(message, [])),
    // Heard from the first moment on: an app may end while its engine still starts.
    ended: new Promise((resolve) => process.once('disconnect', resolve)),
    carriesPorts: false,
  }
}
