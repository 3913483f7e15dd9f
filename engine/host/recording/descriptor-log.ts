import type { Result } from '../../../contract/result.ts'
import type { FileFault } from '../host.ts'
import type { FileLog } from './file-log.ts'
import { isDeviceFile } from './heard.ts'

type Holder = { readonly targets: Map<string, string>; hasChanged: boolean }

const PLACE = /^\/proc\/(\d{1,10})\/fd(?:\/(\d{1,10}))?$/

/** Descriptors of processes that are devices, by their links in /proc/PID/fd. What else a process has open is nobody's business. */
export class DescriptorLog {
  readonly #files: FileLog
  readonly #holders = new Map<string, Holder>()

  constructor(files: FileLog) {
    this.#files = files
  }

  listed(path: string, names: Result<string[], FileFault>): void {
    const [, pid] = PLACE.exec(path) ?? []
    if (pid === undefined) return
    if (!names.ok) {
      this.#holders.delete(pid)
      this.#files.unlist(path)
      return
    }
    const holder = this.#holders.get(pid) ?? { targets: new Map<string, string>(), hasChanged: true }
    this.#holders.set(pid, holder)
    const open = new Set(names.value)
    for (const descriptor of holder.targets.keys()) if (!open.has(descriptor)) this.#drop(holder, descriptor)
  }

  followed(path: string, target: Result<string, FileFault>): void {
    const [, pid = '', descriptor] = PLACE.exec(path) ?? []
    const holder = this.#holders.get(pid)
    if (holder === undefined || descriptor === undefined) return
    if (!target.ok || !isDeviceFile(target.value)) {
      this.#drop(holder, descriptor)
      return
    }
    if (holder.targets.get(descriptor) === target.value) return
    holder.targets.set(descriptor, target.value)
    holder.hasChanged = true
    this.#files.link(path, target.value)
  }

  ended(pid: number): void {
    this.#holders.delete(String(pid))
  }

  /** A list comes before its links: only now is it known which of its names are devices. */
  settle(): void {
    for (const [pid, holder] of this.#holders) {
      if (!holder.hasChanged) continue
      holder.hasChanged = false
      this.#files.list(`/proc/${pid}/fd`, [...holder.targets.keys()].toSorted())
    }
  }

  #drop(holder: Holder, descriptor: string): void {
    if (holder.targets.delete(descriptor)) holder.hasChanged = true
  }
}
