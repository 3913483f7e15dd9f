import { fork } from 'node:child_process'
import { dirname, extname, join } from 'node:path'
import { MessageChannelMain, type MessagePortMain, safeStorage, utilityProcess } from 'electron'
import type { AppSays } from '../contract/engine-child.ts'
import { type Announcement, engineEar } from './engine-ear.ts'
import { keyringOf } from './keyring.ts'
import { killAtOnce, Vendors } from './vendors.ts'

export type EngineChild = {
  readonly pid: number | undefined
  kill(): void
}

export type ChildEvents = {
  onAnnouncement(announcement: Announcement): void
  /** Once, whatever ended it. `complaint` is the last line that it wrote to stderr. */
  onExit(how: { readonly code: number | null; readonly signal: string | null; readonly complaint: string | null }): void
}

/**
 * Starts the engine as our child: in a utility process, or, where Electron's own Node is too old for the native modules,
 * under the Node that PERWATT_NODE names. Both give a channel that breaks when main ends, however it ends.
 */
export function startEngineChild(script: string, args: readonly string[], events: ChildEvents): EngineChild {
  const node = process.env.PERWATT_NODE
  return node === undefined ? startUtility(script, args, events) : startUnder(node, script, args, events)
}

function startUtility(script: string, args: readonly string[], events: ChildEvents): EngineChild {
  const child = utilityProcess.fork(script, [...args], {
    serviceName: 'Perwatt engine',
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const complaint = lastLine(child.stderr)
  const tell = (message: AppSays, transfer: MessagePortMain[] = []) => child.postMessage(message, transfer)
  const vendors = new Vendors<MessagePortMain>({
    fork: () =>
      utilityProcess.fork(join(dirname(script), `vendor${extname(script)}`), [], {
        serviceName: 'Perwatt drivers',
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    channel: () => new MessageChannelMain(),
    tell,
  })
  child.on('message', engineEar({ onAnnouncement: events.onAnnouncement, keyring: keyring(), vendors, tell }))
  child.once('exit', (code) => {
    vendors.endAll()
    events.onExit({ code, signal: null, complaint: complaint() })
  })
  return {
    get pid() {
      return child.pid
    },
    kill: () => killAtOnce(child),
  }
}

function startUnder(node: string, script: string, args: readonly string[], events: ChildEvents): EngineChild {
  const child = fork(script, args, { execPath: node, execArgv: [], stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  const complaint = lastLine(child.stderr)
  let hasEnded = false
  const end = (code: number | null, signal: string | null, why: string | null) => {
    if (hasEnded) return
    hasEnded = true
    events.onExit({ code, signal, complaint: why })
  }
  const tell = (message: AppSays) => {
    if (child.connected) child.send(message)
  }
  child.on('message', engineEar({ onAnnouncement: events.onAnnouncement, keyring: keyring(), vendors: null, tell }))
  child.once('error', (error) => end(null, null, error.message))
  child.once('exit', (code, signal) => end(code, signal, complaint()))
  return { pid: child.pid, kill: () => void child.kill('SIGKILL') }
}

function keyring() {
  return keyringOf(safeStorage, process.platform)
}

/** Passes stderr on and remembers its last line: of a crash that is the sentence that names it. */
function lastLine(stream: NodeJS.ReadableStream | null): () => string | null {
  let tail = ''
  stream?.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk)
    tail = (tail + chunk.toString()).slice(-2_000)
  })
  return () => {
    const lines = tail.split('\n').map((text) => text.trim())
    return lines.findLast((text) => /^\w*Error\b/.test(text)) ?? lines.findLast((text) => text !== '') ?? null
  }
}
