import { ok } from '../../../contract/result.ts'
import type { Host } from '../host.ts'
import { namesIn } from './allowed.ts'
import type { FileLog } from './file-log.ts'
import type { Step } from './format.ts'
import { cleanProcessStat, commOf } from './process-stat.ts'

const ASK_AGAIN_MS = [1_000, 10_000] as const

type Known = {
  readonly key: string
  readonly seenMs: number
  comm: string
  app: string | null
  asked: number
  name: string
}

export type ProcessLogOptions = {
  readonly files: FileLog
  readonly say: (step: Step) => void
  readonly appOf: (pid: number, comm: string) => string | null
  readonly ended: (pid: number) => void
}

/** Times and owners of all processes, under names of ours: `ollama` where the catalogue knows it, else `process-1`, `process-2`, …. */
export class ProcessLog {
  readonly #host: Host
  readonly #options: ProcessLogOptions
  readonly #processes = new Map<number, Known>()
  readonly #uids = new Map<number, number>([[0, 0]])
  #nextName = 1

  constructor(host: Host, options: ProcessLogOptions) {
    this.#host = host
    this.#options = options
  }

  take(nowMs: number): void {
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
      this.#end(pid)
    }
  }

  #takeProcess(pid: number, stat: string, nowMs: number): void {
    const key = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    let process = this.#processes.get(pid)
    if (process?.key !== key) {
      if (process !== undefined) this.#end(pid)
      process = { key, seenMs: nowMs, comm: '', app: null, asked: 0, name: '' }
      this.#processes.set(pid, process)
      const owner = this.#host.files.owner(`/proc/${pid}`)
      if (owner.ok) {
        this.#options.say({ kind: 'owner', path: `/proc/${pid}`, uid: this.#standInFor(owner.value.uid) })
      }
    }
    this.#recognise(pid, process, commOf(stat), nowMs)
    this.#options.files.watch(`/proc/${pid}/stat`, ok(stat), (text) => cleanProcessStat(text, process.name))
  }

  #end(pid: number): void {
    this.#options.files.forgetBelow(`/proc/${pid}`)
    this.#options.ended(pid)
  }

  #recognise(pid: number, process: Known, comm: string, nowMs: number): void {
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
    this.#options.say({ kind: 'app', pid, app })
  }

  #standInFor(uid: number): number {
    const known = this.#uids.get(uid)
    if (known !== undefined) return known
    const standIn = 999 + this.#uids.size
    this.#uids.set(uid, standIn)
    return standIn
  }
}
