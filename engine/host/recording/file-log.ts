import type { Result } from '../../../contract/result.ts'
import { fileProblem } from '../file-problem.ts'
import type { FileFault } from '../host.ts'
import type { Clean } from './clean.ts'
import { editsBetween } from './edits.ts'
import type { Step } from './format.ts'

type Known = {
  readonly file: number
  readonly path: string
  readonly text: string | null
  /** `null` while it can be read, or nobody has tried. */
  readonly fault: FileFault | null
}

/** What is known of files, and the steps by which it changes: nothing is said twice. */
export class FileLog {
  readonly #say: (step: Step) => void
  readonly #files = new Map<string, Known>()
  readonly #directories = new Map<string, string>()
  readonly #links = new Map<string, string>()
  #nextFile = 0

  constructor(say: (step: Step) => void) {
    this.#say = say
  }

  /** A file that never was there is not mentioned; one that cannot be read is, with the reason. */
  watch(path: string, read: Result<string, FileFault>, clean: Clean): void {
    if (!read.ok && read.code === 'absent') {
      this.forget(path)
      return
    }
    if (read.ok) this.#forgetEnded(path)
    const known = this.#files.get(path)
    const text = read.ok ? clean(read.value) : null
    const fault = text !== null ? null : read.ok ? 'broken' : read.code
    if (read.ok && text === null && known === undefined) return
    if (known?.text === text && known.fault === fault) return
    const file = known?.file ?? this.#nextFile++
    if (text === null) this.#say({ kind: 'fail', file, path, fault: fault ?? 'broken' })
    else this.#say(changed(known?.text ?? null, text, file, path))
    this.#files.set(path, { file, path, text, fault })
  }

  /** Somebody opened it, and may never read it. */
  open(path: string, fault: FileFault | null): void {
    if (fault !== null) {
      this.watch(path, fileProblem(path, fault), () => null)
      return
    }
    this.#forgetEnded(path)
    const known = this.#files.get(path)
    if (known !== undefined && known.fault === null) return
    const file = known?.file ?? this.#nextFile++
    this.#say({ kind: 'there', file, path })
    this.#files.set(path, { file, path, text: null, fault: null })
  }

  /** The number of a file that is known. */
  numberOf(path: string): number {
    return this.#files.get(path)?.file ?? -1
  }

  forget(path: string): void {
    const known = this.#files.get(path)
    if (known === undefined) return
    this.#files.delete(path)
    this.#say({ kind: 'gone', file: known.file })
  }

  forgetBelow(directory: string): void {
    for (const path of [...this.#files.keys()]) if (path.startsWith(`${directory}/`)) this.forget(path)
    for (const path of [...this.#directories.keys()])
      if (path.startsWith(`${directory}/`)) this.#directories.delete(path)
    for (const path of [...this.#links.keys()]) if (path.startsWith(`${directory}/`)) this.#links.delete(path)
  }

  list(path: string, names: readonly string[]): void {
    if (this.#directories.get(path) === names.join('/')) return
    this.#directories.set(path, names.join('/'))
    this.#say({ kind: 'dir', path, names })
  }

  /** A directory that was there and is not. */
  unlist(path: string): void {
    if (this.#directories.has(path)) this.list(path, [])
  }

  link(path: string, target: string): void {
    if (this.#links.get(path) === target) return
    this.#links.set(path, target)
    this.#say({ kind: 'link', path, target })
  }

  unlink(path: string): void {
    if (this.#links.delete(path)) this.#say({ kind: 'unlink', path })
  }

  /** A device that comes again is another: descriptors of the one before do not come to life. */
  #forgetEnded(path: string): void {
    if (this.#files.get(path)?.fault === 'gone') this.forget(path)
  }
}

function changed(before: string | null, text: string, file: number, path: string): Step {
  if (isBinary(text)) return { kind: 'bytes', file, path, text }
  const edits = before === null || isBinary(before) ? null : editsBetween(before, text)
  return edits === null || edits.length === 0 ? { kind: 'file', file, path, text } : { kind: 'change', file, edits }
}

function isBinary(text: string): boolean {
  return /[^\t\n\r -~]/.test(text)
}
