import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../clock/clock.ts'
import { CHANNEL, lineCutter } from './channel.ts'
import { type VendorQuestion, VendorReply } from './protocol.ts'

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

export type VendorEvents = {
  onReply(reply: VendorReply): void
  /** It said what no vendor process says. */
  onNonsense(): void
  /** Once, if it ended by itself: `how` is its signal, its exit code, or why it did not start. */
  onEnd(how: string): void
}

/** Kept small: the young generation never grows, and one worker thread is enough for what little there is to compile and collect. */
const FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1']
const ENDS_WITHIN_MS = 2_000

/**
 * Starts it under the Node that runs the engine, or under Electron as Node. Not with Node's own IPC: a line on that channel that is no
 * JSON is thrown into the engine, and a driver library that writes to a wrong descriptor would end it.
 */
export function startVendorProcess(file: URL, clock: Clock, events: VendorEvents): VendorProcess {
  let isHeard = true
  let hasEnded = false
  const hear = (tell: () => void) => {
    if (isHeard) tell()
  }
  const ended = (how: string) => {
    hasEnded = true
    hear(() => events.onEnd(how))
    isHeard = false
  }
  const child = spawned(file)
  if (child instanceof Error) {
    queueMicrotask(() => ended(child.message))
    return { pid: undefined, hasEnded: true, ask() {}, keepAlive() {}, end() {}, kill() {} }
  }

  const channel = channelOf(child)
  const kill = () => {
    isHeard = false
    channel?.destroy()
    child.kill('SIGKILL')
  }
  const nonsense = () => hear(events.onNonsense)
  const cut = lineCutter((line) => {
    const reply = VendorReply.safeParse(parsed(line))
    if (reply.success) hear(() => events.onReply(reply.data))
    else nonsense()
  }, nonsense)
  // A process that lost its channel is of no use; how it ended is told by its exit.
  const broke = () => hear(() => child.kill('SIGKILL'))
  channel?.setEncoding('utf8').on('data', cut).on('error', broke).on('close', broke)
  child.once('error', (error) => ended(error.message))
  child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`))

  return {
    pid: child.pid,
    get hasEnded() {
      return hasEnded
    },
    ask: (question) => void channel?.write(`${JSON.stringify(question)}\n`),
    keepAlive(isAwaited) {
      for (const handle of [child, channel]) {
        if (isAwaited) handle?.ref()
        else handle?.unref()
      }
    },
    end() {
      isHeard = false
      channel?.end()
      clock.after(ENDS_WITHIN_MS, kill, { background: true })
    },
    kill,
  }
}

/** What may fail while a process is made is told by an event, or thrown where memory is short. */
function spawned(file: URL): ChildProcess | Error {
  const { NODE_OPTIONS: _, ...env } = process.env
  if (process.versions.electron !== undefined) env.ELECTRON_RUN_AS_NODE = '1'
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

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
