import { closeSync, constants, lstatSync, openSync, read, readdirSync, readFile, readlinkSync, readSync } from 'node:fs'
import { ok, type Result } from '../../../contract/result.ts'
import { fileProblem } from '../file-problem.ts'
import type { FileFault, HostFiles, KeptFile } from '../host.ts'

/** Where this machine's trees really are; others than the usual are a container's or a foreign machine's. */
export type Roots = { readonly procfs: string; readonly sysfs: string; readonly rootfs: string }

const MAX_BYTES = 1_000_000
const KEPT_MS = 60_000
/** More than a page, which is the most that an attribute of sysfs holds: one read that does not fill it had all of it. */
const LATER_BYTES = 4_097
/** A named pipe in a foreign tree must not hold us up. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
const FAULT_OF_ERRNO: ReadonlyMap<string, FileFault> = new Map([
  ['ENOENT', 'absent'],
  ['ENOTDIR', 'absent'],
  ['ELOOP', 'absent'],
  ['ENAMETOOLONG', 'absent'],
  ['EACCES', 'denied'],
  ['EPERM', 'denied'],
  ['ESRCH', 'gone'],
  ['ENODEV', 'gone'],
  ['ENXIO', 'gone'],
  ['EMFILE', 'exhausted'],
  ['ENFILE', 'exhausted'],
])

/** Files of this machine, synchronously: a system call on /proc or /sys is shorter than a way through the thread pool. */
export function realFiles(roots: Roots): HostFiles {
  const pathOf = mapper(roots)
  const whole = Buffer.allocUnsafe(MAX_BYTES + 1)
  return {
    text(path) {
      return attempt(path, () => {
        const descriptor = openSync(pathOf(path), FLAGS)
        try {
          const length = readAll(descriptor, whole)
          if (length > MAX_BYTES) return null
          return whole.toString(encodingOf(path), 0, length)
        } finally {
          closeSync(descriptor)
        }
      })
    },
    later: laterReader(pathOf),
    list: (path) => attempt(path, () => readdirSync(pathOf(path))),
    link: (path) => attempt(path, () => readlinkSync(pathOf(path))),
    owner(path) {
      try {
        // Asked of numbers that may be no process's any more: then "absent" is the usual answer, and not worth an exception.
        const stats = lstatSync(pathOf(path), { throwIfNoEntry: false })
        return stats === undefined ? fileProblem(path, 'absent') : ok({ uid: stats.uid })
      } catch (error) {
        return fileProblem(path, faultOf(error))
      }
    },
    open: (path) => attempt(path, () => keptFile(openSync(pathOf(path), FLAGS))),
  }
}

function mapper({ procfs, sysfs, rootfs }: Roots): (path: string) => string {
  const [proc, sys, root] = [procfs, sysfs, rootfs].map((tree) => tree.replace(/\/+$/, ''))
  return (path) => {
    if (path === '/proc' || path.startsWith('/proc/')) return proc + path.slice(5)
    if (path === '/sys' || path.startsWith('/sys/')) return sys + path.slice(4)
    return root + path
  }
}

/** Files of /proc come in pieces that are shorter than asked for; only an empty one ends them. */
function readAll(descriptor: number, buffer: Buffer): number {
  let length = 0
  while (length < buffer.length) {
    const read = readSync(descriptor, buffer, length, buffer.length - length, null)
    if (read === 0) break
    length += read
  }
  return length
}

/**
 * Only the read goes to the chip, so only it leaves this thread: Node's own `readFile` goes to the pool and back for each of open, stat, read
 * and close, and every time wakes a thread for it. A file that is asked for again within a minute stays open.
 */
function laterReader(pathOf: (path: string) => string): HostFiles['later'] {
  const spare: Buffer[] = []
  const kept = new Map<string, { readonly descriptor: number; readonly untilMs: number }>()

  function keep(path: string, descriptor: number): void {
    const nowMs = performance.now()
    for (const [other, { descriptor: old, untilMs }] of kept) {
      if (untilMs > nowMs && other !== path) continue
      closeSync(old)
      kept.delete(other)
    }
    kept.set(path, { descriptor, untilMs: nowMs + KEPT_MS })
  }

  function whole(path: string, take: Parameters<HostFiles['later']>[1]): void {
    readFile(pathOf(path), encodingOf(path), (error, text) => {
      if (error !== null) take(fileProblem(path, faultOf(error)))
      else take(text.length > MAX_BYTES ? fileProblem(path, 'broken') : ok(text))
    })
  }

  return function later(path, take): void {
    const known = kept.get(path)
    kept.delete(path)
    const opened = known === undefined ? attempt(path, () => openSync(pathOf(path), FLAGS)) : ok(known.descriptor)
    // Whoever asks is never answered before the question is out.
    if (!opened.ok) {
      queueMicrotask(() => take(opened))
      return
    }
    const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(LATER_BYTES)
    read(opened.value, buffer, 0, LATER_BYTES, 0, (error, length) => {
      const text = error === null && length < LATER_BYTES ? buffer.toString(encodingOf(path), 0, length) : null
      spare.push(buffer)
      if (text === null || !path.startsWith('/sys/')) closeSync(opened.value)
      else keep(path, opened.value)
      if (text !== null) take(ok(text))
      else if (error === null) whole(path, take)
      // The device ended under the descriptor, and may have come back by the same name.
      else if (known !== undefined && faultOf(error) === 'gone') later(path, take)
      else take(fileProblem(path, faultOf(error)))
    })
  }
}

function keptFile(descriptor: number): KeptFile {
  let isOpen = true
  let fault: FileFault | null = null
  return {
    get fault() {
      return fault
    },
    read(buffer) {
      if (!isOpen) throw new Error('read after close')
      try {
        return readSync(descriptor, buffer, 0, buffer.length, 0)
      } catch (error) {
        fault = faultOf(error)
        return -1
      }
    },
    close() {
      if (isOpen) closeSync(descriptor)
      isOpen = false
    },
  }
}

/** `null` stands for a file that is longer than we take. */
function attempt<T>(path: string, action: () => T | null): Result<T, FileFault> {
  try {
    const value = action()
    return value === null ? fileProblem(path, 'broken') : ok(value)
  } catch (error) {
    return fileProblem(path, faultOf(error))
  }
}

function encodingOf(path: string): 'latin1' | 'utf8' {
  return path.startsWith('/proc/') || path.startsWith('/sys/') ? 'latin1' : 'utf8'
}

export function faultOf(error: unknown): FileFault {
  const code = errnoOf(error)
  if (code === null) throw error
  return FAULT_OF_ERRNO.get(code) ?? 'broken'
}

/** Name of the errno of a failed system call; `null` for any other error, which is a bug. */
export function errnoOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && 'syscall' in error ? String(error.code) : null
}
