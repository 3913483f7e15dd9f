import { ok, type Result } from '../../../contract/result.ts'
import { fileProblem } from '../file-problem.ts'
import type { FileFault, HostFiles, KeptFile } from '../host.ts'
import { withEdits } from './edits.ts'
import type { Step } from './format.ts'

/** `isUnread`: it can be opened, and what is in it nobody knows. */
type RecordedFile = { text: string | null; fault: FileFault; isUnread: boolean }

/** All files as they are at one moment. */
export class Scene {
  readonly #files = new Map<number, RecordedFile>()
  readonly #byPath = new Map<string, RecordedFile>()
  readonly #pathOf = new Map<number, string>()
  readonly #directories = new Map<string, readonly string[]>()
  readonly #links = new Map<string, string>()
  readonly #owners = new Map<string, number>()
  readonly #apps = new Map<number, string | null>()

  /** `false` where the step fits nothing. What drivers and meters told is none of it, but for the texts. */
  apply(step: Step): boolean {
    switch (step.kind) {
      case 'file':
      case 'bytes':
        return this.#put(step.file, step.path, { text: step.text, fault: 'gone', isUnread: false })
      case 'there':
        return this.#put(step.file, step.path, { text: null, fault: 'broken', isUnread: true })
      case 'fail':
        return this.#put(step.file, step.path, { text: null, fault: step.fault, isUnread: false })
      case 'change':
        return this.#edit(step)
      case 'gone':
        return this.#end(step.file)
      case 'dir':
        this.#directories.set(step.path, step.names)
        return true
      case 'link':
        this.#links.set(step.path, step.target)
        return true
      case 'unlink':
        return this.#links.delete(step.path)
      case 'owner':
        this.#owners.set(step.path, step.uid)
        return true
      case 'app':
        this.#apps.set(step.pid, step.app)
        return true
      default:
        return true
    }
  }

  appOf(pid: number): string | null {
    return this.#byPath.has(`/proc/${pid}/stat`) ? (this.#apps.get(pid) ?? null) : null
  }

  /** The JSON value that a file holds; `undefined` where it holds none. */
  jsonIn(file: number): unknown {
    try {
      return JSON.parse(this.#files.get(file)?.text ?? '')
    } catch {
      return undefined
    }
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
        return file.text === null && !file.isUnread ? fileProblem(path, file.fault) : ok(keptFile(file))
      },
    }
  }

  /** A descriptor that is kept belongs to the file, whatever it holds. */
  #put(number: number, path: string, content: RecordedFile): boolean {
    const file = Object.assign(this.#files.get(number) ?? content, content)
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
    Object.assign(file, { text: null, fault: 'gone', isUnread: false })
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
