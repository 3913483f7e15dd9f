import type { FileFault, Host } from './host.ts'
import { cleanProcessStat, commOf, DIRECTORIES, movingFiles, namesIn, stillFiles } from './recording/allowed.ts'
import { editsBetween, headerText, momentText, type Step } from './recording/format.ts'

export type RecorderOptions = {
  readonly intervalMs: number
  readonly durationMs: number
  /** Catalogue id of a process, or `null`; asked when it is new, when it runs another program, and 1 s and 10 s after it was first seen. */
  readonly appOf: (pid: number, comm: string) => string | null
  /** Takes the recording piece by piece, so that a long one needs no memory. */
  readonly write: (text: string) => void
}

export interface Recorder {
  /** Looks at everything that may be recorded and writes what has changed. */
  take(): void
}

/** Sensors and /proc/stat every time; which devices there are, every minute. */
const LOOK_FOR_DEVICES_MS = 60_000
const ASK_AGAIN_MS = [1_000, 10_000] as const

type Known = {
  readonly file: number
  readonly path: string
  text: string | null
  fault: FileFault | null
}
type KnownProcess = {
  readonly key: string
  readonly seenMs: number
  comm: string
  app: string | null
  asked: number
  name: string
}

/**
 * Records a machine by an allow-list (recording/allowed.ts): of a process its stat, its owner and the catalogue's id. Accounts become
 * 1000, 1001, …; processes that the catalogue does not name become process-1, process-2, …; no name of host or user is read.
 */
export async function startRecording(host: Host, options: RecorderOptions): Promise<Recorder> {
  const { pageBytes, platform, ticksPerS } = host
  const { durationMs, intervalMs, write } = options
  write(headerText({ platform, ticksPerS, pageBytes, intervalMs, durationMs, facts: await host.facts() }))
  return new HostRecorder(host, options)
}

/** Records for `durationMs`, a look each `intervalMs`. */
export async function record(host: Host, options: RecorderOptions): Promise<void> {
  const { durationMs, intervalMs } = options
  const recorder = await startRecording(host, options)
  const startMs = host.clock.monotonicMs()
  recorder.take()
  for (let dueMs = intervalMs; dueMs <= durationMs; dueMs += intervalMs) {
    const waitMs = startMs + dueMs - host.clock.monotonicMs()
    await new Promise<void>((resolve) => void host.clock.after(Math.max(0, waitMs), resolve))
    recorder.take()
  }
}

class HostRecorder implements Recorder {
  readonly #host: Host
  readonly #options: RecorderOptions
  readonly #startMs: number
  readonly #files = new Map<string, Known>()
  readonly #processes = new Map<number, KnownProcess>()
  readonly #directories = new Map<string, string>()
  readonly #uids = new Map<number, number>([[0, 0]])
  #watched: ReturnType<typeof movingFiles> = []
  #lookedMs = Number.NEGATIVE_INFINITY
  #nextFile = 0
  #nextName = 1
  #steps: Step[] = []

  constructor(host: Host, options: RecorderOptions) {
    this.#host = host
    this.#options = options
    this.#startMs = host.clock.monotonicMs()
  }

  take(): void {
    const { clock, files } = this.#host
    const nowMs = clock.monotonicMs()
    const [boottimeMs, wallMs] = [clock.boottimeMs(), clock.wallMs()]
    this.#steps = []
    if (nowMs - this.#lookedMs >= LOOK_FOR_DEVICES_MS) this.#lookForDevices(nowMs)
    for (const { path, clean } of this.#watched) this.#watch(path, files.text(path), clean)
    this.#takeProcesses(nowMs)
    this.#options.write(momentText({ monotonicMs: nowMs - this.#startMs, boottimeMs, wallMs, steps: this.#steps }))
  }

  #lookForDevices(nowMs: number): void {
    const { files } = this.#host
    if (this.#nextFile === 0) {
      for (const { path, clean } of stillFiles(files)) this.#watch(path, files.text(path), clean)
    }
    for (const path of DIRECTORIES) this.#listDirectory(path)
    this.#watched = movingFiles(files)
    this.#lookedMs = nowMs
  }

  #listDirectory(path: string): void {
    const { files } = this.#host
    if (!files.list(path).ok) return
    const names = namesIn(files, path)
    if (this.#directories.get(path) === names.join('/')) return
    this.#directories.set(path, names.join('/'))
    this.#steps.push({ kind: 'dir', path, names })
    for (const name of names) {
      const link = files.link(`${path}/${name}`)
      if (link.ok && path.startsWith('/sys/class/powercap')) {
        this.#steps.push({ kind: 'link', path: `${path}/${name}`, target: link.value })
      }
    }
  }

  /** A file that never was there is not mentioned; one that cannot be read is, with the reason. */
  #watch(path: string, read: ReturnType<Host['files']['text']>, clean: (text: string) => string | null): void {
    const known = this.#files.get(path)
    if (!read.ok && read.code === 'absent') {
      this.#forget(path)
      return
    }
    const text = read.ok ? clean(read.value) : null
    const fault = text !== null ? null : read.ok ? 'broken' : read.code
    if (read.ok && text === null && known === undefined) return
    if (known?.text === text && known.fault === fault) return
    const file = known?.file ?? this.#nextFile++
    if (text === null) this.#steps.push({ kind: 'fail', file, path, fault: fault ?? 'broken' })
    else this.#steps.push(this.#changed(known?.text ?? null, text, file, path))
    this.#files.set(path, { file, path, text, fault })
  }

  #changed(before: string | null, text: string, file: number, path: string): Step {
    const edits = before === null ? null : editsBetween(before, text)
    return edits === null ? { kind: 'file', file, path, text } : { kind: 'change', file, edits }
  }

  #forget(path: string): void {
    const known = this.#files.get(path)
    if (known === undefined) return
    this.#files.delete(path)
    this.#steps.push({ kind: 'gone', file: known.file })
  }

  #takeProcesses(nowMs: number): void {
    const { files } = this.#host
    const seen = new Set<number>()
    for (const name of namesIn(files, '/proc')) {
      const pid = Number(name)
      if (!/^\d+$/.test(name)) continue
      const stat = files.text(`/proc/${pid}/stat`)
      if (!stat.ok) continue
      seen.add(pid)
      this.#takeProcess(pid, stat.value, nowMs)
    }
    for (const pid of this.#processes.keys()) {
      if (seen.has(pid)) continue
      this.#processes.delete(pid)
      this.#forget(`/proc/${pid}/stat`)
    }
  }

  #takeProcess(pid: number, stat: string, nowMs: number): void {
    const path = `/proc/${pid}/stat`
    const key = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    let process = this.#processes.get(pid)
    if (process?.key !== key) {
      this.#forget(path)
      process = { key, seenMs: nowMs, comm: '', app: null, asked: 0, name: '' }
      this.#processes.set(pid, process)
      const owner = this.#host.files.owner(`/proc/${pid}`)
      if (owner.ok) this.#steps.push({ kind: 'owner', path: `/proc/${pid}`, uid: this.#standInFor(owner.value.uid) })
    }
    this.#recognise(pid, process, commOf(stat), nowMs)
    this.#watch(path, { ok: true, value: stat }, (text) => cleanProcessStat(text, process.name))
  }

  #recognise(pid: number, process: KnownProcess, comm: string, nowMs: number): void {
    const ageMs = nowMs - process.seenMs
    const isDue = process.asked > 0 && ageMs >= (ASK_AGAIN_MS[process.asked - 1] ?? Number.POSITIVE_INFINITY)
    const isNew = process.asked === 0
    if (!isNew && !isDue && comm === process.comm) return
    if (isNew || isDue) process.asked++
    process.comm = comm
    const app = this.#options.appOf(pid, comm)
    if (!isNew && app === process.app) return
    process.app = app
    process.name = app?.slice(0, 15) ?? `process-${this.#nextName++}`
    this.#steps.push({ kind: 'app', pid, app })
  }

  #standInFor(uid: number): number {
    const known = this.#uids.get(uid)
    if (known !== undefined) return known
    const standIn = 999 + this.#uids.size
    this.#uids.set(uid, standIn)
    return standIn
  }
}
