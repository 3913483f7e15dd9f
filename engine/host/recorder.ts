import type { Result } from '../../contract/result.ts'
import type { ConfiguredMeter } from '../sources/wall/dialect.ts'
import type { FileFault, Host, VendorSession } from './host.ts'
import { type Ear, listeningHost } from './listening.ts'
import { DIRECTORIES, movingFiles, namesIn, stillFiles } from './recording/allowed.ts'
import type { Clean } from './recording/clean.ts'
import { DescriptorLog } from './recording/descriptor-log.ts'
import { DriverLog } from './recording/driver-log.ts'
import { FileLog } from './recording/file-log.ts'
import type { Moment, Step } from './recording/format.ts'
import { cleanerOf, keptNames, mayKeepLink, mayKeepTarget } from './recording/heard.ts'
import { overheardMeters, recordedMeters } from './recording/meter-log.ts'
import { ProcessLog } from './recording/process-log.ts'
import { headerText, momentText } from './recording/write.ts'

export type RecorderOptions = {
  readonly intervalMs: number
  readonly durationMs: number
  /** Catalogue id of a process, or `null`; asked when it is new, when it runs another program, and 1 s and 10 s after it was first seen. */
  readonly appOf: (pid: number, comm: string) => string | null
  /** Takes the recording piece by piece, so that a long one needs no memory. */
  readonly write: (text: string) => void
  /** Wall meters that the user set up. */
  readonly wallMeters?: readonly ConfiguredMeter[]
}

export interface Recorder {
  /** The machine for whoever measures it meanwhile: what they read of devices, drivers and meters is recorded as they read it. */
  readonly host: Host
  readonly wallMeters: readonly ConfiguredMeter[]
  /** A moment begins: `measure` reads what it wants, then the rest of what may be recorded is looked at. Writes the moment before. */
  take(measure?: () => void): void
  /** Writes the last moment. */
  end(): void
}

/** Sensors and /proc/stat every time; which devices there are, every minute. */
const LOOK_FOR_DEVICES_MS = 60_000
/** What a source reads at its own pace is not read beside it, until it has stopped. */
const READ_BY_OTHERS_MS = 10_000

/**
 * Records a machine by two allow-lists: what is looked at by itself (recording/allowed.ts), and what others read of devices
 * (recording/heard.ts). Of a process its stat, its owner and the catalogue's id. Accounts become 1000, 1001, …; processes that the catalogue
 * does not name become process-1, process-2, …; no name of host or user is read.
 */
export async function startRecording(host: Host, options: RecorderOptions): Promise<Recorder> {
  const { pageBytes, platform, ticksPerS } = host
  const { durationMs, intervalMs, write, wallMeters = [] } = options
  const meters = recordedMeters(wallMeters)
  write(headerText({ platform, ticksPerS, pageBytes, intervalMs, durationMs, facts: await host.facts(), meters }))
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
  recorder.end()
}

class HostRecorder implements Recorder, Ear {
  readonly host: Host
  readonly wallMeters: readonly ConfiguredMeter[]
  readonly #host: Host
  readonly #options: RecorderOptions
  readonly #startMs: number
  readonly #files: FileLog
  readonly #processes: ProcessLog
  readonly #descriptors: DescriptorLog
  readonly #drivers: DriverLog
  readonly #cleaners = new Map<string, Clean | null>()
  /** When others read a file last, and in which moment. */
  readonly #readBy = new Map<string, { atMs: number; moment: number }>()
  #watched: ReturnType<typeof movingFiles> = []
  #lookedMs = Number.NEGATIVE_INFINITY
  #moments = 0
  /** What was found since the last was written; belongs to `#moment`, or to the first if there was none yet. */
  #steps: Step[] = []
  #moment: Omit<Moment, 'steps'> | null = null

  constructor(host: Host, options: RecorderOptions) {
    const say = (step: Step) => void this.#steps.push(step)
    const startMs = host.clock.monotonicMs()
    this.#host = host
    this.#options = options
    this.#startMs = startMs
    this.#files = new FileLog(say)
    this.#descriptors = new DescriptorLog(this.#files)
    this.#drivers = new DriverLog(host.clock, startMs, this.#files, say)
    const ended = (pid: number) => this.#ended(pid)
    this.#processes = new ProcessLog(host, { files: this.#files, say, appOf: options.appOf, ended })
    this.host = listeningHost(host, this)
    this.wallMeters = overheardMeters(options.wallMeters ?? [], host.clock, startMs, say)
  }

  take(measure?: () => void): void {
    this.end()
    const { clock, files } = this.#host
    const nowMs = clock.monotonicMs()
    this.#moment = { monotonicMs: nowMs - this.#startMs, boottimeMs: clock.boottimeMs(), wallMs: clock.wallMs() }
    this.#moments++
    this.#drivers.look()
    measure?.()
    if (nowMs - this.#lookedMs >= LOOK_FOR_DEVICES_MS) this.#lookForDevices(nowMs)
    for (const { path, clean } of this.#watched) {
      const readMs = this.#readBy.get(path)?.atMs ?? Number.NEGATIVE_INFINITY
      if (nowMs - readMs > READ_BY_OTHERS_MS) this.#files.watch(path, files.text(path), clean)
    }
    this.#processes.take(nowMs)
    this.#descriptors.settle()
    this.#drivers.look()
  }

  /** A moment is written when the next begins: slow chips answer in between. */
  end(): void {
    if (this.#moment === null) return
    this.#options.write(momentText({ ...this.#moment, steps: this.#steps }))
    this.#steps = []
    this.#moment = null
  }

  wants(path: string): boolean {
    return this.#cleanerOf(path) !== null
  }

  asked(path: string): void {
    if (!this.wants(path)) return
    const moment = this.#readBy.get(path)?.moment ?? -1
    this.#readBy.set(path, { atMs: this.#host.clock.monotonicMs(), moment })
  }

  /** The first of a moment: what was read again between two ticks was not what the tick saw. */
  read(path: string, text: Result<string, FileFault>): void {
    const clean = this.#cleanerOf(path)
    if (clean === null || this.#readBy.get(path)?.moment === this.#moments) return
    this.#readBy.set(path, { atMs: this.#host.clock.monotonicMs(), moment: this.#moments })
    this.#files.watch(path, text, clean)
  }

  opened(path: string, fault: FileFault | null): void {
    this.#files.open(path, fault)
  }

  listed(path: string, names: Result<string[], FileFault>): void {
    this.#descriptors.listed(path, names)
    const kept = keptNames(path, names.ok ? names.value : [])
    if (kept === null) return
    if (names.ok) this.#files.list(path, kept)
    else this.#files.unlist(path)
  }

  followed(path: string, target: Result<string, FileFault>): void {
    this.#descriptors.followed(path, target)
    if (!mayKeepLink(path)) return
    if (target.ok && mayKeepTarget(target.value)) this.#files.link(path, target.value)
    else if (!target.ok) this.#files.unlink(path)
  }

  session(driver: string, session: VendorSession): VendorSession {
    return this.#drivers.session(driver, session)
  }

  #cleanerOf(path: string): Clean | null {
    let clean = this.#cleaners.get(path)
    if (clean === undefined) {
      clean = cleanerOf(path)
      this.#cleaners.set(path, clean)
    }
    return clean
  }

  #lookForDevices(nowMs: number): void {
    const { files } = this.#host
    if (this.#lookedMs === Number.NEGATIVE_INFINITY) {
      for (const { path, clean } of stillFiles(files)) this.#files.watch(path, files.text(path), clean)
    }
    for (const path of DIRECTORIES) this.#listDirectory(path)
    this.#watched = movingFiles(files)
    this.#lookedMs = nowMs
  }

  #listDirectory(path: string): void {
    const { files } = this.#host
    if (!files.list(path).ok) return
    const names = namesIn(files, path)
    this.#files.list(path, names)
    // A zone whose link leads nowhere is hidden by a container.
    for (const name of names.map((each) => `${path}/${each}`).filter(mayKeepLink)) {
      const link = files.link(name)
      if (link.ok && mayKeepTarget(link.value)) this.#files.link(name, link.value)
    }
  }

  #ended(pid: number): void {
    this.#descriptors.ended(pid)
    for (const paths of [this.#cleaners, this.#readBy]) {
      for (const path of paths.keys()) if (path.startsWith(`/proc/${pid}/`)) paths.delete(path)
    }
  }
}
