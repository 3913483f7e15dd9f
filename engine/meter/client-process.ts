import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'

/** Process at the other end of a connection from this machine, as far as this account may see it. */
export type ClientProcess = { readonly uid: number | null; readonly pid: number | null; readonly exe: string | null }

const UNKNOWN: ClientProcess = { uid: null, pid: null, exe: null }
/** Connections that come close together are looked up together. */
const GATHER_MS = 20
/** Looking through every process's descriptors is dear: at most so often. */
const LOOK_THROUGH_MS = 1_000
const KNOWN_PIDS = 64
const EXE_CHARACTERS = 80

/** `isFinal`: asking again would tell nothing else. */
export type FoundClient = { readonly client: ClientProcess; readonly isFinal: boolean }

type Wanted = { readonly pair: string; settle(found: FoundClient): void }
type Owner = { readonly pid: number; readonly exe: string | null }
type Socket = { readonly uid: number; readonly inode: string }

/**
 * Tells which process owns a loopback connection: `/proc/net/tcp` and `tcp6` name its owner and inode (Documentation/networking/proc_net_tcp.rst),
 * `/proc/PID/fd` who holds that. Off the data's path; processes that were found before are asked first.
 */
export class ClientProcesses {
  readonly #procfs: string
  readonly #known = new Set<string>()
  #waiting: Wanted[] = []
  #lookedThroughMs = Number.NEGATIVE_INFINITY
  #isBusy = false

  constructor(procfs = '/proc') {
    this.#procfs = procfs
  }

  /** By the ports of the client and of the meter. */
  find(clientPort: number, meterPort: number): Promise<FoundClient> {
    return new Promise((settle) => {
      this.#waiting.push({ pair: `${clientPort}>${meterPort}`, settle })
      if (!this.#isBusy) this.#later()
    })
  }

  #later(): void {
    this.#isBusy = true
    setTimeout(() => void this.#resolve(), GATHER_MS).unref()
  }

  async #resolve(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    try {
      const sockets = await this.#sockets()
      const owned = waiting.map(({ pair }) => sockets.get(pair))
      const inodes = new Set(owned.flatMap((socket) => (socket === undefined ? [] : [socket.inode])))
      const { owners, isWhole } = await this.#ownersOf(inodes)
      for (const [index, socket] of owned.entries()) {
        const owner = socket === undefined ? undefined : owners.get(socket.inode)
        const client = { uid: socket?.uid ?? null, pid: owner?.pid ?? null, exe: owner?.exe ?? null }
        waiting[index]?.settle({ client, isFinal: isWhole || socket === undefined || owner !== undefined })
      }
    } catch {
      // Not Linux, or no /proc: whose connection it is stays unknown.
      for (const wanted of waiting) wanted.settle({ client: UNKNOWN, isFinal: true })
    }
    this.#isBusy = false
    if (this.#waiting.length > 0) this.#later()
  }

  async #sockets(): Promise<Map<string, Socket>> {
    const found = new Map<string, Socket>()
    for (const name of ['tcp', 'tcp6']) {
      const text = await readFile(`${this.#procfs}/net/${name}`, 'latin1').catch(() => '')
      for (const line of text.split('\n')) {
        const words = line.trim().split(/\s+/)
        const ports = [words[1], words[2]].map((address) => Number.parseInt(address?.split(':')[1] ?? '', 16))
        const [uid, inode] = [Number(words[7]), words[9]]
        if (ports.some(Number.isNaN) || !Number.isInteger(uid) || inode === undefined || inode === '0') continue
        found.set(`${ports[0]}>${ports[1]}`, { uid, inode })
      }
    }
    return found
  }

  /** `isWhole`: every process was looked through for those that are not among them. */
  async #ownersOf(inodes: Set<string>): Promise<{ owners: ReadonlyMap<string, Owner>; isWhole: boolean }> {
    const owners = new Map<string, Owner>()
    for (const pid of [...this.#known].reverse()) await this.#lookIn(pid, inodes, owners)
    const nowMs = performance.now()
    if (inodes.size === 0) return { owners, isWhole: true }
    if (nowMs - this.#lookedThroughMs < LOOK_THROUGH_MS) return { owners, isWhole: false }
    this.#lookedThroughMs = nowMs
    const pids = (await readdir(this.#procfs)).filter((name) => /^\d+$/.test(name) && !this.#known.has(name))
    // The newest first: a client that connects has often just begun.
    for (const pid of pids.sort((one, other) => Number(other) - Number(one))) await this.#lookIn(pid, inodes, owners)
    return { owners, isWhole: true }
  }

  /** Takes those of the inodes out of the set that a process holds. */
  async #lookIn(pid: string, inodes: Set<string>, owners: Map<string, Owner>): Promise<void> {
    if (inodes.size === 0) return
    const directory = `${this.#procfs}/${pid}/fd`
    const names = await readdir(directory).catch(() => [])
    const links = await Promise.all(names.map((name) => readlink(`${directory}/${name}`).catch(() => '')))
    const held = links
      .flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
      .filter((inode) => inodes.has(inode))
    if (held.length === 0) return
    const exe = await this.#exeOf(pid)
    for (const inode of held) {
      owners.set(inode, { pid: Number(pid), exe })
      inodes.delete(inode)
    }
    this.#known.delete(pid)
    this.#known.add(pid)
    const [oldest] = this.#known
    if (this.#known.size > KNOWN_PIDS && oldest !== undefined) this.#known.delete(oldest)
  }

  async #exeOf(pid: string): Promise<string | null> {
    const path = await readlink(`${this.#procfs}/${pid}/exe`).catch(() => null)
    const name = path === null ? await readFile(`${this.#procfs}/${pid}/comm`, 'utf8').catch(() => '') : basename(path)
    return name.trim() === '' ? null : name.trim().slice(0, EXE_CHARACTERS)
  }
}
