import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Hello } from '../contract/frames.ts'
import { type Contract, contract } from '../contract/index.ts'
import { ok, problem, type Result } from '../contract/result.ts'
import { WireClient } from '../contract/wire.ts'

const HELLO_TIMEOUT_MS = 5_000

/** Where an engine that serves a data directory listens. Not on Windows yet (engine/socket/address.ts): there nobody is found. */
export function socketOf(dataDir: string): string {
  return join(dataDir, 'engine.sock')
}

/** The engine as main sees it: the contract over its socket, whichever engine that is at the moment. */
export class EngineClient {
  readonly wire: WireClient<Contract>
  #socket: Socket | null = null
  #onHello: (hello: Hello) => void = () => {}
  #onClosing: (reason: string) => void = () => {}

  constructor() {
    this.wire = new WireClient(contract, {
      onHello: (hello) => this.#onHello(hello),
      onClosing: (reason) => this.#onClosing(reason),
    })
  }

  /**
   * Resolves once the engine has introduced itself; `onLost` is called when that connection ends, whoever ended it.
   * Problems: `absent` (nobody listens), `foreign` (who listens does not speak our protocol, or not in time).
   */
  connect(path: string, onLost: () => void): Promise<Result<Hello, 'absent' | 'foreign'>> {
    this.disconnect()
    return new Promise((resolve) => {
      const socket = connect(path)
      this.#socket = socket
      const fail = (code: 'absent' | 'foreign', reason: string) => {
        socket.destroy()
        resolve(problem(code, reason))
      }
      const timer = setTimeout(() => fail('foreign', 'The engine did not introduce itself.'), HELLO_TIMEOUT_MS)
      let isGreeted = false
      this.#onHello = (hello) => {
        isGreeted = true
        clearTimeout(timer)
        resolve(ok(hello))
      }
      this.#onClosing = (reason) => fail('foreign', reason)
      socket.once('connect', () => {
        this.wire.open({ send: (text) => socket.write(text), close: () => socket.destroy() })
      })
      socket.on('data', (chunk) => this.wire.receive(chunk))
      socket.on('error', () => {}) // 'close' follows
      socket.once('close', () => {
        clearTimeout(timer)
        if (this.#socket !== socket) return
        this.#socket = null
        this.wire.lost()
        if (isGreeted) onLost()
        else resolve(problem('absent', 'No engine listens in this data directory.'))
      })
    })
  }

  disconnect(): void {
    const socket = this.#socket
    this.#socket = null
    this.wire.lost()
    socket?.destroy()
  }
}
