import Database from 'better-sqlite3'
import { ok, type Result } from '../../contract/result.ts'
import type { AgentFiles, FileLook, UserFile, UserStore } from '../../engine/host/agent-files.ts'
import { fileProblem } from '../../engine/host/file-problem.ts'
import type { FileFault } from '../../engine/host/host.ts'

type Node = { readonly id: string; bytes: Buffer; modifiedMs: number; store: Database.Database | null }

/** A home in memory. Files keep their inode while they are appended to, moved or cut short, and get a new one when they are replaced. */
export class MemoryAgentFiles implements AgentFiles {
  readonly nodes = new Map<string, Node>()
  /** Names of folders that lead to other folders. */
  readonly links = new Map<string, string>()
  readonly faults = new Map<string, FileFault>()
  readonly calls = { look: 0, list: 0, open: 0, readBytes: 0 }
  nowMs = Date.UTC(2026, 10, 25)
  #inodes = 0

  write(path: string, content: string | Uint8Array): void {
    this.nodes.set(path, {
      id: `1:${++this.#inodes}`,
      bytes: Buffer.from(content),
      modifiedMs: ++this.nowMs,
      store: null,
    })
  }

  /** The same file with other content. */
  rewrite(path: string, content: string | Uint8Array): void {
    const node = this.nodes.get(path)
    if (node === undefined) this.write(path, content)
    else {
      node.bytes = Buffer.from(content)
      node.modifiedMs = ++this.nowMs
    }
  }

  append(path: string, content: string | Uint8Array): void {
    this.rewrite(path, Buffer.concat([this.nodes.get(path)?.bytes ?? Buffer.alloc(0), Buffer.from(content)]))
  }

  move(from: string, to: string): void {
    const node = this.nodes.get(from)
    if (node === undefined) return
    this.nodes.delete(from)
    this.nodes.set(to, node)
    this.nowMs++
  }

  writeStore(path: string, sql: string): Database.Database {
    const store = new Database(':memory:')
    store.exec(sql)
    this.write(path, '')
    this.nodes.set(path, { ...(this.nodes.get(path) as Node), store })
    return store
  }

  touch(path: string): void {
    const node = this.nodes.get(path)
    if (node !== undefined) node.modifiedMs = ++this.nowMs
  }

  look(path: string): Result<FileLook, FileFault> {
    this.calls.look++
    const real = this.#real(path)
    if (real === null) return fileProblem(path, 'absent')
    const fault = this.faults.get(real)
    if (fault !== undefined) return fileProblem(path, fault)
    const node = this.nodes.get(real)
    if (node !== undefined)
      return ok({ id: node.id, kind: 'file', sizeBytes: node.bytes.length, modifiedMs: node.modifiedMs })
    const below = [...this.nodes].filter(([name]) => name.startsWith(`${real}/`))
    const isFolder = below.length > 0 || [...this.links.keys()].some((name) => name.startsWith(`${real}/`))
    if (!isFolder) return fileProblem(path, 'absent')
    const names = this.list(real)
    // Its time changes with its names.
    const modifiedMs = this.nowMs - 1e6 + (names.ok ? names.value.length : 0)
    return ok({ id: `2:${real}`, kind: 'folder', sizeBytes: 0, modifiedMs })
  }

  list(path: string): Result<string[], FileFault> {
    this.calls.list++
    const real = this.#real(path)
    if (real === null) return fileProblem(path, 'absent')
    const names = [...this.nodes.keys(), ...this.links.keys()]
      .filter((name) => name.startsWith(`${real}/`))
      .map((name) => name.slice(real.length + 1).split('/')[0] ?? '')
    return ok([...new Set(names)])
  }

  open(path: string): Result<UserFile, FileFault> {
    this.calls.open++
    const node = this.nodes.get(this.#real(path) ?? '')
    if (node === undefined) return fileProblem(path, 'absent')
    return ok({
      id: node.id,
      read: (buffer, atBytes) => {
        const read = node.bytes.subarray(0).copy(buffer, 0, Math.min(atBytes, node.bytes.length))
        this.calls.readBytes += read
        return read
      },
      close: () => {},
    })
  }

  store(path: string): Result<UserStore, FileFault> {
    const db = this.nodes.get(path)?.store
    if (db === undefined || db === null) return fileProblem(path, 'broken')
    return ok({
      rows(sql, parameters) {
        try {
          return ok(db.prepare<(string | number)[], Record<string, unknown>>(sql).all(...parameters))
        } catch {
          return fileProblem(path, 'broken')
        }
      },
      close: () => {},
    })
  }

  unpack: AgentFiles['unpack'] = () => null

  /** Links are followed as a kernel does: 40 at most. */
  #real(path: string): string | null {
    let real = path
    for (let followed = 0; followed < 40; followed++) {
      const link = [...this.links].find(([name]) => real === name || real.startsWith(`${name}/`))
      if (link === undefined) return real
      real = link[1] + real.slice(link[0].length)
    }
    return null
  }
}
