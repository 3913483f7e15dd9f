import type { AppId } from '../../contract/ids.ts'
import type { Host } from '../host/host.ts'
import { containerId } from './container.ts'

/**
 * What is known of one process where it is recognised. It is looked at and let go: never stored, exported or logged, because
 * command lines carry prompts and keys.
 */
export type ProcessIdentity = {
  /** Basename of the executable link; `null` where it cannot be read (other users' processes). */
  readonly exe: string | null
  /** The kernel's name of the process, cut to 15 bytes. */
  readonly comm: string
  readonly argv0: string | null
  /** Arguments joined by one blank, at most 4,096 bytes; '' where it cannot be read. */
  readonly cmdline: string
  /** Name of the container's image; `null` where there is none or nobody knows it. */
  readonly container: string | null
  /** macOS bundle of the executable. */
  readonly bundleId: string | null
  /** Working directory: makes the path of a script absolute that was started by a relative one. */
  readonly cwd: string | null
}

/** The app that a process belongs to; `role` and `computes` are its own, never inherited. */
export type Membership = {
  readonly app: AppId
  readonly role: string | null
  readonly computes: boolean | null
  /** Terminals inside this app are their user's own work. */
  readonly holdsTerminal: boolean
}

/** What a process is, as a function of what the process above it is. */
export type Place = (above: Membership | null) => Membership | null

/** Of a process that says nothing of itself: it belongs where its parent does. */
export const INHERITED: Place = (above) => above

/** Recognises processes by the catalogue's rules. Called once for each look at a process, never on the tick. */
export interface Matcher {
  recognise(identity: ProcessIdentity): Place
}

const CMDLINE_BYTES = 4_096
const bytes = new Uint8Array(CMDLINE_BYTES)
const decoder = new TextDecoder()

/** Image of a container by its id, where something on this machine knows it; asked only for processes inside one. */
export type ImageOf = (containerId: string) => string | null

/** `comm` is already known from the process's stat. */
export function readIdentity(host: Host, pid: number, comm: string, imageOf: ImageOf | null): ProcessIdentity {
  const words = readCmdline(host, pid)
  const exe = host.files.link(`/proc/${pid}/exe`)
  const cwd = host.files.link(`/proc/${pid}/cwd`)
  return {
    exe: exe.ok ? baseName(exe.value) : null,
    comm,
    argv0: words[0] ?? null,
    cmdline: words.join(' '),
    container: imageOf === null ? null : readContainer(host, pid, imageOf),
    bundleId: null,
    cwd: cwd.ok ? cwd.value : null,
  }
}

/** Name under which an unmatched process is offered: its executable, else the kernel's name of it. Never its arguments. */
export function readExe(host: Host, pid: number, comm: string): string {
  const exe = host.files.link(`/proc/${pid}/exe`)
  return exe.ok ? baseName(exe.value).replace(/ \(deleted\)$/, '') : comm
}

function readCmdline(host: Host, pid: number): string[] {
  const opened = host.files.open(`/proc/${pid}/cmdline`)
  if (!opened.ok) return []
  const length = opened.value.read(bytes)
  opened.value.close()
  if (length <= 0) return []
  const text = decoder.decode(bytes.subarray(0, length))
  bytes.fill(0, 0, length)
  return text.replace(/\0+$/, '').split('\0')
}

function readContainer(host: Host, pid: number, imageOf: ImageOf): string | null {
  const cgroup = host.files.text(`/proc/${pid}/cgroup`)
  const id = cgroup.ok ? containerId(cgroup.value) : null
  return id === null ? null : imageOf(id)
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
