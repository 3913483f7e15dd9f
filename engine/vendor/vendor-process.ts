import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../clock/clock.ts'
import { CHANNEL, lineCutter } from './channel.ts'
import { createHearing, type VendorEvents } from './hearing.ts'
import type { VendorQuestion } from './protocol.ts'

/** The vendor process as its one client sees it. */
export interface VendorProcess {
  readonly pid: number | undefined
  /** A killed process lives on while the kernel holds it inside a driver; no signal reaches it there. */
  readonly hasEnded: boolean
  ask(question: VendorQuestion): void
  /** Whether the engine stays alive for its sake. */
  keepAlive(isAwaited: boolean): void
  /** Lets it unload its libraries and end; kills it if it does not. Nothing is told of it any more. */
  end(): void
  /** At once. Nothing is told of it any more. */
  kill(): void
}

export type StartVendor = (events: VendorEvents) => VendorProcess

/** How long one that was told to end may take to unload its libraries. */
export const ENDS_WITHIN_MS = 2_000

/** Kept small: the young generation never grows, and one worker thread is enough for what little there is to compile and collect. */
const FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1']

/**
 * Starts it under the Node that runs the engine. Not with Node's own IPC: a line on that channel that is no JSON is thrown into the engine,
 * and a driver library that writes to a wrong descriptor would end it.
 */
export function vendorUnderNode(file: URL, clock: Clock): StartVendor {
  return (events) => startUnderNode(file, clock, events)
}

function startUnderNode(file: URL, clock: Clock, events: VendorEvents): VendorProcess {
  const hearing = createHearing(events)
  const child = spawned(file)
  if (child instanceof Error) {
    queueMicrotask(() => hearing.ended(child.message))
    return { pid: undefined, hasEnded: true, ask() {}, keepAlive() {}, end() {}, kill() {} }
  }

  const channel = channelOf(child)
  /** As Node makes them. */
  let keepsAlive = true
  const kill = () => {
    hearing.stop()
    channel?.destroy()
    child.kill('SIGKILL')
  }
  // A process that lost its channel is of no use; how it ended is told by its exit.
  const broke = () => {
    if (hearing.isHeard) child.kill('SIGKILL')
  }
  channel
    ?.setEncoding('utf8')
    .on('data', lineCutter(hearing.line, hearing.nonsense))
    .on('error', broke)
    .on('close', broke)
  child.once('error', (error) => hearing.ended(error.message))
  child.once('exit', (code, signal) => hearing.ended(signal ?? `exit code ${code}`))

  return {
    pid: child.pid,
    get hasEnded() {
      return hearing.hasEnded
    },
    ask: (question) => void channel?.write(`${JSON.stringify(question)}\n`),
    keepAlive(isAwaited) {
      if (isAwaited === keepsAlive) return
      keepsAlive = isAwaited
      for (const handle of [child, channel]) {
        if (isAwaited) handle?.ref()
        else handle?.unref()
      }
    },
    end() {
      hearing.stop()
      channel?.end()
      clock.after(ENDS_WITHIN_MS, kill, { background: true })
    },
    kill,
  }
}

/** What may fail while a process is made is told by an event, or thrown where memory is short. */
function spawned(file: URL): ChildProcess | Error {
  const { NODE_OPTIONS: _, ...env } = process.env
  try {
    return spawn(process.execPath, [...FLAGS, fileURLToPath(file)], {
      // `overlapped` is `pipe` but on Windows, where it lets the other end read and write at once.
      stdio: ['ignore', 'ignore', 'inherit', 'overlapped'],
      env,
      windowsHide: true,
    })
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return error
    throw error
  }
}

/** `null` where the process could not be started; its `error` event says why. */
function channelOf(child: ChildProcess): Socket | null {
  // Where no descriptor is left, Node leaves `stdio` out altogether (lib/internal/child_process.js, EMFILE).
  const stdio: ChildProcess['stdio'] | undefined = child.stdio
  return (stdio?.[CHANNEL] as Socket | null | undefined) ?? null
}
