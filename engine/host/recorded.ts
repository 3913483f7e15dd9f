import { ok, problem, type Result } from '../../contract/result.ts'
import { type VirtualClock, virtualClock } from '../clock/virtual.ts'
import { fileProblem } from './file-problem.ts'
import type { FileFault, Host, HostFiles, KeptFile } from './host.ts'
import { noContact } from './no-contact.ts'
import { noVendor } from './no-vendor.ts'
import { type Moment, type RecordingHeader, type Step, withEdits } from './recording/format.ts'
import { parseRecording } from './recording/parse.ts'

/** A real machine played back: what was recorded, at the pace and under the clock of then. */
export interface RecordedHost extends Host {
  readonly clock: VirtualClock
  readonly header: RecordingHeader
  /** Moments recorded, and how many have been played. */
  readonly moments: number
  readonly played: number
  /** Plays the next moment: its files first, then the clock with what falls due. `false` where the recording has ended. */
  advance(): boolean
}

type RecordedFile = { text: string | null; fault: FileFault }

/** A recording by its text. Changes that fit no file are mistakes of the recording and are found here, not while it plays. */
export function recordedHost(text: string, fileName = 'recording'): Result<RecordedHost, 'badRecording'> {
  const recording = parseRecording(text, fileName)
  if (!recording.ok) return recording
  const { header, moments } = recording.value
  const rehearsal = new Scene()
  for (const [index, moment] of moments.entries()) {
    if (!moment.steps.every((step) => rehearsal.apply(step))) {
      return problem(
        'badRecording',
        `${fileName}: moment ${index + 1} (at ${moment.monotonicMs}): expected changes of words that are there.`,
      )
    }
  }
  return ok(playback(header, moments))
}

function playback(header: RecordingHeader, moments: readonly Moment[]): RecordedHost {
  const [first] = moments
  const clock = virtualClock({ wallMs: first?.wallMs ?? 0, boottimeMs: first?.boottimeMs ?? 0 })
  const scene = new Scene()
  let played = 0
  show(first)

  function show(moment: Moment | undefined): void {
    if (moment === undefined) return
    for (const step of moment.steps) scene.apply(step)
    played++
  }

  function advance(): boolean {
    const [before, next] = [moments[played - 1], moments[played]]
    if (before === undefined || next === undefined) return false
    show(next)
    const passedMs = next.monotonicMs - before.monotonicMs
    const sleptMs = next.boottimeMs - before.boottimeMs - passedMs
    const steppedMs = next.wallMs - before.wallMs - passedMs - sleptMs
    if (sleptMs !== 0) clock.sleep(sleptMs)
    if (steppedMs !== 0) clock.stepWall(steppedMs)
    clock.advance(passedMs)
    return true
  }

  return {
    platform: header.platform,
    clock,
    header,
    moments: moments.length,
    get played() {
      return played
    },
    advance,
    files: scene.files(),
    pageBytes: header.pageBytes,
    ticksPerS: header.ticksPerS,
    selfPid: null,
    facts: () => Promise.resolve(header.facts),
    appHint: (pid) => scene.appOf(pid),
    userName: (uid) => (uid === 0 ? 'root' : null),
    command: ([program = '']) => Promise.resolve(problem('absent', `A recording runs nothing: not ${program} either.`)),
    library: (name) => problem('absent', `A recording holds no libraries: not ${name} either.`),
    vendor: (driver) => noVendor(`A recording holds no libraries: not that of ${driver} either.`),
    http: () => Promise.resolve(problem('refused', 'A recording holds no servers.')),
    contact: () => noContact('A recording holds no network.'),
    traffic: () => [],
    signal: () => problem('denied', 'The processes of a recording have long ended.'),
  }
}

/** All files as they are at one moment. */
class Scene {
  readonly #files = new Map<number, RecordedFile>()
  readonly #byPath = new Map<string, RecordedFile>()
  readonly #pathOf = new Map<number, string>()
  readonly #directories = new Map<string, readonly string[]>()
  readonly #links = new Map<string, string>()
  readonly #owners = new Map<string, number>()
  readonly #apps = new Map<number, string | null>()

  /** `false` where the step fits nothing. */
  apply(step: Step): boolean {
    if (step.kind === 'file') return this.#put(step.file, step.path, step.text, 'gone')
    if (step.kind === 'fail') return this.#put(step.file, step.path, null, step.fault)
    if (step.kind === 'change') return this.#edit(step)
    if (step.kind === 'gone') return this.#end(step.file)
    if (step.kind === 'dir') this.#directories.set(step.path, step.names)
    if (step.kind === 'link') this.#links.set(step.path, step.target)
    if (step.kind === 'owner') this.#owners.set(step.path, step.uid)
    if (step.kind === 'app') this.#apps.set(step.pid, step.app)
    return true
  }

  appOf(pid: number): string | null {
    return this.#byPath.has(`/proc/${pid}/stat`) ? (this.#apps.get(pid) ?? null) : null
  }

  files(): HostFiles {
    return {
      text: (path) => {
        const file = this.#byPath.get(path)
        if (file === undefined) return fileProblem(path, 'absent')
        return file.text === null ? fileProblem(path, file.fault) : ok(file.text)
      },
      later(path, take) {
        take(this.text(path))
      },
      list: (path) => this.#list(path),
      link: (path) => {
        const target = this.#links.get(path)
        return target === undefined ? fileProblem(path, 'absent') : ok(target)
      },
      owner: (path) => {
        const uid = this.#owners.get(path)
        return uid === undefined || !this.#byPath.has(`${path}/stat`) ? fileProblem(path, 'absent') : ok({ uid })
      },
      open: (path) => {
        const file = this.#byPath.get(path)
        if (file === undefined) return fileProblem(path, 'absent')
        return file.text === null ? fileProblem(path, file.fault) : ok(keptFile(file))
      },
    }
  }

  #put(number: number, path: string, text: string | null, fault: FileFault): boolean {
    const file = this.#files.get(number) ?? { text, fault }
    file.text = text
    file.fault = fault
    this.#files.set(number, file)
    this.#pathOf.set(number, path)
    this.#byPath.set(path, file)
    return true
  }

  #edit(step: Extract<Step, { kind: 'change' }>): boolean {
    const file = this.#files.get(step.file)
    const text = file === undefined || file.text === null ? null : withEdits(file.text, step.edits)
    if (file === undefined || text === null) return false
    file.text = text
    return true
  }

  #end(number: number): boolean {
    const file = this.#files.get(number)
    if (file === undefined) return false
    const path = this.#pathOf.get(number) ?? ''
    file.text = null
    file.fault = 'gone'
    this.#files.delete(number)
    this.#pathOf.delete(number)
    if (this.#byPath.get(path) === file) this.#byPath.delete(path)
    return true
  }

  /** As recorded, or else what the recorded files imply. */
  #list(path: string): Result<string[], FileFault> {
    const listed = this.#directories.get(path)
    if (listed !== undefined) return ok([...listed])
    const beginning = path === '/' ? '/' : `${path}/`
    const names = new Set<string>()
    for (const file of [...this.#byPath.keys(), ...this.#links.keys()]) {
      if (file.startsWith(beginning)) names.add(file.slice(beginning.length).split('/')[0] ?? '')
    }
    return names.size > 0 ? ok([...names]) : fileProblem(path, 'absent')
  }
}

function keptFile(file: RecordedFile): KeptFile {
  let fault: FileFault | null = null
  return {
    get fault() {
      return fault
    },
    read(buffer) {
      const { text } = file
      if (text === null) {
        fault = file.fault
        return -1
      }
      const length = Math.min(text.length, buffer.length)
      for (let index = 0; index < length; index++) buffer[index] = text.charCodeAt(index)
      return length
    },
    close() {},
  }
}
