import type { Result } from '../../contract/result.ts'
import type { FileFault, Host, KeptFile } from '../host/host.ts'
import type { Process } from './process.ts'

/** Once descriptors ran out, none is kept for this long; the tracked processes without one are opened for each read. */
const NONE_FOR_MS = 60_000

/** /proc/PID/stat of processes, within the number of descriptors that we may have (RLIMIT_NOFILE). */
export class StatFiles {
  readonly #host: Pick<Host, 'clock' | 'files'>
  #noneUntilMs = Number.NEGATIVE_INFINITY

  constructor(host: Pick<Host, 'clock' | 'files'>) {
    this.#host = host
  }

  /** Where no descriptor is left, one of `keepers` gives up its own, so that one remains to look with. */
  open(pid: number, keepers: readonly Process[]): Result<KeptFile, FileFault> {
    const path = `/proc/${pid}/stat`
    const opened = this.#host.files.open(path)
    if (opened.ok || opened.code !== 'exhausted') return opened
    this.#noneUntilMs = this.#host.clock.monotonicMs() + NONE_FOR_MS
    const spared = keepers.findLast(({ file }) => file !== null)
    if (spared === undefined) return opened
    spared.file?.close()
    spared.file = null
    return this.#host.files.open(path)
  }

  /** Keeps an opened file for the next ticks, or closes it where descriptors are short. */
  keep(process: Process, file: KeptFile): void {
    if (this.#host.clock.monotonicMs() >= this.#noneUntilMs) process.file = file
    else file.close()
  }
}
