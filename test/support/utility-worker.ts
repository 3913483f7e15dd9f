import { EventEmitter } from 'node:events'
import { type MessagePort as NodePort, Worker } from 'node:worker_threads'
import type { MessagePort } from '../../engine/vendor/ports.ts'
import type { Utility } from '../../main/vendors.ts'

/** No process has so high a number (kernel: PID_MAX_LIMIT), so that no signal to a double reaches anybody. */
const NO_PID = 2 ** 30

/**
 * Stands in for Electron's `UtilityProcess`, which needs Electron around it: a thread whose `process` carries a `parentPort`, whatever it was
 * sent waits for it, and it says `spawn` and `exit` as electronjs.org documents. What a thread cannot do is crash alone.
 */
export class UtilityWorker extends EventEmitter implements Utility<NodePort> {
  readonly #worker: Worker
  pid: number | undefined

  constructor(entry: URL) {
    super()
    this.#worker = new Worker(new URL('./utility-worker-entry.ts', import.meta.url), {
      workerData: entry.href,
      execArgv: [],
    })
    this.#worker.once('online', () => {
      this.pid = NO_PID + this.#worker.threadId
      this.emit('spawn')
    })
    this.#worker.once('exit', (code) => {
      this.pid = undefined
      this.emit('exit', code)
    })
  }

  postMessage(message: unknown, transfer: NodePort[]): void {
    this.#worker.postMessage({ message, ports: transfer }, transfer)
  }

  kill(): boolean {
    if (this.pid === undefined) return false
    void this.#worker.terminate()
    return true
  }
}

/** A port of Node's as Electron's looks in a utility process: what comes stands in `data` of an event. */
export function electronPort(port: NodePort): MessagePort {
  return {
    postMessage: (message) => port.postMessage(message),
    on(event: 'message' | 'close', take: (event: { data: unknown; ports: [] }) => void) {
      if (event === 'close') port.on('close', () => take({ data: null, ports: [] }))
      else port.on('message', (data) => take({ data, ports: [] }))
    },
    start() {},
    close: () => port.close(),
  }
}
