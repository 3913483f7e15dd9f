import { parentPort, workerData } from 'node:worker_threads'
import type { ParentPort } from '../../engine/vendor/ports.ts'
import { electronPort } from './utility-worker.ts'

/** In the thread of a UtilityWorker: what Electron puts on the process, then the program itself. */
const port: ParentPort = {
  postMessage: (message) => parentPort?.postMessage(message),
  on: (_, take) =>
    parentPort?.on('message', ({ message, ports }) => take({ data: message, ports: ports.map(electronPort) })),
}
Object.assign(process, { parentPort: port })
await import(String(workerData))
