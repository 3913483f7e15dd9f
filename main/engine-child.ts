import { fork } from 'node:child_process'
import { utilityProcess } from 'electron'
import { z } from 'zod'

/** What a starting engine says over its channel: its socket listens, or why it will not. */
export const Announcement = z.union([
  z.object({ ready: z.literal(true), socket: z.string() }),
  z.object({ failed: z.object({ code: z.string(), reason: z.string(), remedy: z.unknown() }) }),
])
export type Announcement = z.infer<typeof Announcement>

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
  child.on('message', (message: unknown) => announce(message, events))
  child.once('exit', (code) => events.onExit({ code, signal: null, complaint: complaint() }))
  return {
    get pid() {
      return child.pid
    },
    kill: () => void child.kill(),
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
  child.on('message', (message: unknown) => announce(message, events))
  child.once('error', (error) => end(null, null, error.message))
  child.once('exit', (code, signal) => end(code, signal, complaint()))
  return { pid: child.pid, kill: () => void child.kill('SIGKILL') }
}

function announce(message: unknown, events: ChildEvents): void {
  const parsed = Announcement.safeParse(message)
  if (parsed.success) events.onAnnouncement(parsed.data)
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
