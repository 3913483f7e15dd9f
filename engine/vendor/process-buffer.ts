/**
 * A living process: pid, parent's pid, creation (100 ns since 1601), user and kernel time together (100 ns), cycles, name of the image file.
 * 64-bit numbers as decimal strings.
 */
export type ProcessRow = readonly [
  pid: number,
  parentPid: number,
  created: string,
  busy: string,
  cycles: string,
  name: string,
]

/** SYSTEM_PROCESS_INFORMATION on 64-bit Windows (phnt, ntexapi.h); threads of 80 bytes each follow its 256. */
const ENTRY_BYTES = 256
const OFFSET = { next: 0, cycles: 24, created: 32, user: 40, kernel: 48, nameBytes: 56, name: 64, pid: 80, parent: 88 }
const MOST_NAME_BYTES = 1_024
/** Longer than the kernel can count in centuries: what shows a sign is no time. */
const MOST_TIME = 1n << 62n

const decoder = new TextDecoder('utf-16le')

/** All processes of a buffer that lay at `address` when the kernel filled it; `null` where it is not one, whole. */
export function parseProcesses(bytes: Uint8Array, address: bigint): ProcessRow[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const rows: ProcessRow[] = []
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; ) {
    const row = parseEntry(view, at, address)
    if (row === null) return null
    rows.push(row)
    const next = view.getUint32(at + OFFSET.next, true)
    if (next === 0) return rows
    if (next < ENTRY_BYTES || next % 8 !== 0) return null
    at += next
  }
  return null
}

function parseEntry(view: DataView, at: number, address: bigint): ProcessRow | null {
  const [created, user, kernel, cycles, pid, parent] = [
    view.getBigUint64(at + OFFSET.created, true),
    view.getBigUint64(at + OFFSET.user, true),
    view.getBigUint64(at + OFFSET.kernel, true),
    view.getBigUint64(at + OFFSET.cycles, true),
    view.getBigUint64(at + OFFSET.pid, true),
    view.getBigUint64(at + OFFSET.parent, true),
  ] as const
  if (created > MOST_TIME || user > MOST_TIME || kernel > MOST_TIME || cycles > MOST_TIME) return null
  // Numbers of processes are handles of a table and fit into 32 bits.
  if (pid > 0xffff_ffffn || parent > 0xffff_ffffn) return null
  const name = nameOf(view, at, address)
  const busy = user + kernel
  return [Number(pid), Number(parent), created.toString(), busy.toString(), cycles.toString(), name]
}

function nameOf(view: DataView, at: number, address: bigint): string {
  return textAt(view, view.getUint16(at + OFFSET.nameBytes, true), view.getBigUint64(at + OFFSET.name, true) - address)
}

/** The text of a UNICODE_STRING whose pointer leads into the same buffer; '' where it does not. */
export function textAt(view: DataView, lengthBytes: number, offset: bigint, mostBytes = MOST_NAME_BYTES): string {
  if (lengthBytes % 2 !== 0 || lengthBytes > mostBytes) return ''
  if (offset < 0n || offset + BigInt(lengthBytes) > BigInt(view.byteLength)) return ''
  return decoder.decode(new Uint8Array(view.buffer, view.byteOffset + Number(offset), lengthBytes))
}

/** EfficiencyClass of each logical processor: SYSTEM_CPU_SET_INFORMATION (winnt.h). Higher is faster. */
export function parseEfficiencyClasses(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const classes: number[] = []
  for (let at = 0; at + 32 <= bytes.length; ) {
    const size = view.getUint32(at, true)
    if (size < 32) break
    if (view.getUint32(at + 4, true) === 0) classes.push(view.getUint8(at + 18))
    at += size
  }
  return classes
}
