import { Socket } from 'node:net'
import { CHANNEL, lineCutter } from './channel.ts'
import { type Desk, openDesk } from './desk.ts'
import type { VendorDriver } from './driver.ts'
import { type ParentPort, parentPort } from './ports.ts'

/** Longer than the engine waits for an answer (line.ts), so that it is the engine who tells what happened. */
const STUCK_AFTER_S = 30

/**
 * The vendor process: answers what comes over its channel, a pipe under Node or a message port in a utility process, and ends with it. The
 * channel breaks when the engine ends, however it ends.
 */
export function serveDrivers(drivers: readonly VendorDriver[], options: { stuckAfterS?: number } = {}): void {
  const desk = openDesk(drivers, options.stuckAfterS ?? STUCK_AFTER_S)
  // Ctrl-C reaches every process of a terminal; the engine may have a last reading to take (`perwatt run`).
  process.on('SIGINT', () => {})
  process.on('SIGHUP', () => {})
  const app = parentPort()
  if (app === null) servePipe(desk)
  else servePort(desk, app)
}

function servePipe(desk: Desk): void {
  const channel = new Socket({ fd: CHANNEL, readable: true, writable: true })
  const cut = lineCutter((line) => void channel.write(`${desk.answer(line)}\n`), desk.end)
  channel.setEncoding('utf8').on('data', cut).on('error', desk.end).on('close', desk.end)
}

/** The app's first and only message brings the port to the engine. */
function servePort(desk: Desk, app: ParentPort): void {
  app.on('message', ({ ports: [port] }) => {
    if (port === undefined) return desk.end()
    port.on('message', ({ data }) => (typeof data === 'string' ? port.postMessage(desk.answer(data)) : desk.end()))
    port.on('close', desk.end)
    port.start()
  })
}
