import { textOf } from './apple/native.ts'

/** What `struct proc_bsdshortinfo` (64 bytes, bsd/sys/proc_info.h of xnu) tells of any user's process. */
export type ShortInfo = {
  readonly ppid: number
  readonly comm: string
  readonly uid: number
  readonly isZombie: boolean
}

export const SHORT_INFO_BYTES = 64
/** `SZOMB` of bsd/sys/proc.h. */
const ZOMBIE = 5

export function readShortInfo(bytes: Uint8Array): ShortInfo {
  const view = viewOf(bytes)
  return {
    ppid: view.getUint32(4, true),
    isZombie: view.getUint32(12, true) === ZOMBIE,
    comm: textOf(bytes.subarray(16, 32)),
    uid: view.getUint32(36, true),
  }
}

/** `struct proc_uniqidentifierinfo` (56 bytes, bsd/sys/proc_info_private.h): numbers that are never given out twice, and ascend. */
export const UNIQUE_INFO_BYTES = 56

export function readUniqueInfo(bytes: Uint8Array): { readonly uniqueId: string; readonly parentId: string } {
  const view = viewOf(bytes)
  return { uniqueId: String(view.getBigUint64(16, true)), parentId: String(view.getBigUint64(24, true)) }
}

/** `struct proc_vnodepathinfo`: the path of the working directory follows a `struct vnode_info` of 152 bytes. */
export const VNODE_PATHS_BYTES = 2_352

export function readWorkingDirectory(bytes: Uint8Array): string {
  return textOf(bytes.subarray(152, 152 + 1_024))
}

/** `struct rusage_info_v6` (464 bytes, bsd/sys/resource.h); version 4 ends at 296. */
export const USAGE_BYTES = 512
const USAGE_V4_BYTES = 296

export type Usage = {
  /** Of the executable's image: another after an exec. */
  readonly image: string
  readonly startTicks: string
  /** User and system time, and those of children that were waited for, in Mach ticks. */
  readonly ownTicks: string
  readonly childTicks: string
  /** CPU energy since its start as the kernel counts it, nJ; `null` where this version does not have it. */
  readonly energyNj: string | null
}

export function readUsage(bytes: Uint8Array, version: 4 | 6): Usage {
  const view = viewOf(bytes)
  const sum = (a: number, b: number) => String(view.getBigUint64(a, true) + view.getBigUint64(b, true))
  return {
    image: Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join(''),
    startTicks: String(view.getBigUint64(80, true)),
    ownTicks: sum(16, 24),
    childTicks: sum(96, 104),
    energyNj: version === 6 && bytes.length > USAGE_V4_BYTES ? String(view.getBigUint64(336, true)) : null,
  }
}

/** What of a command line is handed on, in characters. */
const MOST_CHARACTERS = 4_096

/**
 * Arguments from `KERN_PROCARGS2`: their number, the path of the executable, zero bytes, and each argument with a zero byte. The
 * environment comes after them and is not looked at: it holds keys.
 */
export function readArguments(bytes: Uint8Array): string[] {
  if (bytes.length < 4) return []
  const count = viewOf(bytes).getInt32(0, true)
  let at = bytes.indexOf(0, 4)
  if (at < 0) return []
  while (bytes[at] === 0) at++
  const words: string[] = []
  let characters = 0
  while (words.length < count && at < bytes.length && characters < MOST_CHARACTERS) {
    const end = bytes.indexOf(0, at)
    if (end < 0) break
    const word = textOf(bytes.subarray(at, Math.min(end, at + MOST_CHARACTERS - characters)))
    words.push(word)
    characters += word.length + 1
    at = end + 1
  }
  return words
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
