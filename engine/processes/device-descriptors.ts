import type { Host, HostFiles, ProcessKey } from '../host/host.ts'
import type { DrmClient } from './drm-client.ts'
import { type DrmNode, drmNode, isDrmNode } from './drm-nodes.ts'

/** A process that belongs to an app, and its descriptors of devices. */
export type Holder = ProcessKey & {
  readonly holdings: Map<string, Holding>
  /** It has AMD's compute driver open: its queues pass the DRM scheduler by, and fdinfo tells none of their time. */
  holdsKfd: boolean
}

export type Holding = {
  readonly holder: Holder
  readonly descriptor: string
  node: DrmNode
  /** What the descriptor stands for; `null` until it was read. */
  client: DrmClient | null
}

type Watched = Holder & {
  dueMs: number
  scans: number
  generation: number
  scan: Scan | null
}
/** A look through a process's descriptors that may take several ticks. */
type Scan = { readonly names: string[]; readonly found: Map<string, DrmNode>; holdsKfd: boolean }

/** A young process opens its device when its libraries are loaded, some seconds after its start. */
const YOUNG_AGAIN_MS = [2_000, 5_000, 10_000] as const
const LAST_YOUNG_MS = 10_000
const HOLDER_AGAIN_MS = 10_000
const AGAIN_MS = 30_000
const SOON_MS = 1_000
const NODE_AGAIN_MS = 60_000
/** In one tick: a listing and a link are some 5 to 10 µs each, so that a tick spends about a millisecond here at most. */
const LISTS_AT_ONCE = 16
const LINKS_AT_ONCE = 128

/**
 * Which descriptors of the tracked processes are devices, by their links in /proc/PID/fd. Needs ptrace access: the same user, and a process that
 * may be dumped. What is denied is left alone; its work is other's.
 */
export class DeviceDescriptors {
  readonly #host: Pick<Host, 'clock' | 'ticksPerS'>
  readonly #files: HostFiles
  readonly #watched = new Map<number, Watched>()
  readonly #nodes = new Map<string, { readonly node: DrmNode; readonly untilMs: number }>()
  #generation = 0

  constructor(host: Pick<Host, 'clock' | 'files' | 'ticksPerS'>) {
    this.#host = host
    this.#files = host.files
  }

  /** The cost does not grow with how many processes there are, nor with how many descriptors one has: what is left over waits. */
  look(nowMs: number, tracked: Iterable<ProcessKey>): void {
    const due = this.#follow(nowMs, tracked)
    let lists = LISTS_AT_ONCE
    let links = LINKS_AT_ONCE
    for (const process of due.toSorted((a, b) => a.dueMs - b.dueMs)) {
      if (process.scan === null) {
        if (lists === 0) break
        lists--
        this.#begin(process, nowMs)
      }
      links = this.#advance(process, links, nowMs)
      if (links === 0) break
    }
  }

  *holdings(): Iterable<Holding> {
    for (const { holdings } of this.#watched.values()) yield* holdings.values()
  }

  /** It tells nothing; or, where it is gone at `goneMs`, its process may have opened another and is soon looked through again. */
  drop({ holder, descriptor }: Holding, goneMs: number | null): void {
    holder.holdings.delete(descriptor)
    const process = this.#watched.get(holder.pid)
    if (process === holder && goneMs !== null) process.dueMs = Math.min(process.dueMs, goneMs + SOON_MS)
  }

  #follow(nowMs: number, tracked: Iterable<ProcessKey>): Watched[] {
    this.#generation++
    const due: Watched[] = []
    for (const { pid, startTicks } of tracked) {
      let process = this.#watched.get(pid)
      if (process === undefined || process.startTicks !== startTicks) {
        process = this.#newlyWatched(pid, startTicks, nowMs)
        this.#watched.set(pid, process)
      }
      process.generation = this.#generation
      if (process.dueMs <= nowMs) due.push(process)
    }
    for (const process of this.#watched.values()) {
      if (process.generation !== this.#generation) this.#watched.delete(process.pid)
    }
    return due
  }

  /** One that has run for a while has opened what it needs. */
  #newlyWatched(pid: number, startTicks: number, nowMs: number): Watched {
    const ageMs = this.#host.clock.boottimeMs() - (startTicks / this.#host.ticksPerS) * 1_000
    const scans = ageMs < LAST_YOUNG_MS ? 0 : YOUNG_AGAIN_MS.length
    return { pid, startTicks, holdings: new Map(), holdsKfd: false, dueMs: nowMs, scans, generation: 0, scan: null }
  }

  #begin(process: Watched, nowMs: number): void {
    const names = this.#files.list(`/proc/${process.pid}/fd`)
    if (names.ok) {
      process.scan = { names: names.value, found: new Map(), holdsKfd: false }
      return
    }
    process.holdings.clear()
    process.holdsKfd = false
    process.dueMs = nowMs + AGAIN_MS
  }

  #advance(process: Watched, budget: number, nowMs: number): number {
    const { scan } = process
    let links = budget
    if (scan === null) return links
    for (; links > 0; links--) {
      const name = scan.names.pop()
      if (name === undefined) {
        this.#finish(process, scan, nowMs)
        return links
      }
      const target = this.#files.link(`/proc/${process.pid}/fd/${name}`)
      if (!target.ok) continue
      if (target.value === '/dev/kfd') scan.holdsKfd = true
      else if (isDrmNode(target.value)) scan.found.set(name, this.#nodeOf(target.value, nowMs))
    }
    return links
  }

  #finish(process: Watched, scan: Scan, nowMs: number): void {
    const { holdings } = process
    for (const descriptor of holdings.keys()) if (!scan.found.has(descriptor)) holdings.delete(descriptor)
    for (const [descriptor, node] of scan.found) {
      const known = holdings.get(descriptor)
      if (known?.node.path === node.path) known.node = node
      else holdings.set(descriptor, { holder: process, descriptor, node, client: null })
    }
    process.holdsKfd = scan.holdsKfd
    process.scan = null
    const regularMs = holdings.size > 0 ? HOLDER_AGAIN_MS : AGAIN_MS
    process.dueMs = nowMs + (YOUNG_AGAIN_MS[process.scans] ?? regularMs)
    process.scans++
  }

  #nodeOf(path: string, nowMs: number): DrmNode {
    const known = this.#nodes.get(path)
    if (known !== undefined && known.untilMs > nowMs) return known.node
    const node = drmNode(this.#files, path)
    this.#nodes.set(path, { node, untilMs: nowMs + NODE_AGAIN_MS })
    return node
  }
}

/** Of several processes that share a client, the youngest works with it: a launcher opens a device for the worker that it starts. */
export function isYounger(a: Holder, b: Holder): boolean {
  return a.startTicks > b.startTicks || (a.startTicks === b.startTicks && a.pid > b.pid)
}
