import { utf16 } from '../../support/fake-win32.ts'

export type BufferProcess = {
  readonly pid: number
  readonly parent?: number
  readonly created?: bigint
  readonly user?: bigint
  readonly kernel?: bigint
  readonly cycles?: bigint
  readonly name?: string
  readonly threads?: number
}

/** SYSTEM_PROCESS_INFORMATION entries as phnt's ntexapi.h lays them out on x64: header, threads, then the name, each entry 8-aligned. */
export function processBuffer(processes: readonly BufferProcess[], address: bigint): Buffer {
  const entries: Buffer[] = []
  let offset = 0
  for (const [index, process] of processes.entries()) {
    const name = utf16(process.name ?? '')
    const threads = process.threads ?? 1
    const nameAt = 256 + threads * 80
    const length = Math.ceil((nameAt + name.length + 2) / 8) * 8
    const entry = Buffer.alloc(length)
    entry.writeUInt32LE(index === processes.length - 1 ? 0 : length, 0)
    entry.writeUInt32LE(threads, 4)
    entry.writeBigUInt64LE(process.cycles ?? 0n, 24)
    entry.writeBigUInt64LE(process.created ?? 0n, 32)
    entry.writeBigUInt64LE(process.user ?? 0n, 40)
    entry.writeBigUInt64LE(process.kernel ?? 0n, 48)
    entry.writeUInt16LE(name.length, 56)
    entry.writeUInt16LE(name.length + 2, 58)
    entry.writeBigUInt64LE(name.length === 0 ? 0n : address + BigInt(offset + nameAt), 64)
    entry.writeBigUInt64LE(BigInt(process.pid), 80)
    entry.writeBigUInt64LE(BigInt(process.parent ?? 0), 88)
    name.copy(entry, nameAt)
    entries.push(entry)
    offset += length
  }
  return Buffer.concat(entries)
}

/** PDH_RAW_COUNTER_ITEM_W array: 48 bytes each, the names behind them. */
export function pdhBuffer(items: readonly { name: string; value: bigint; status?: number }[], address: bigint): Buffer {
  const head = Buffer.alloc(items.length * 48)
  const names: Buffer[] = []
  let at = head.length
  for (const [index, { name, value, status = 0 }] of items.entries()) {
    const text = utf16(`${name}\0`)
    head.writeBigUInt64LE(address + BigInt(at), index * 48)
    head.writeUInt32LE(status, index * 48 + 8)
    head.writeBigInt64LE(value, index * 48 + 24)
    names.push(text)
    at += text.length
  }
  return Buffer.concat([head, ...names])
}

/** SYSTEM_CPU_SET_INFORMATION of each logical processor. */
export function cpuSets(efficiencyClasses: readonly number[]): Buffer {
  return Buffer.concat(
    efficiencyClasses.map((efficiencyClass, index) => {
      const entry = Buffer.alloc(32)
      entry.writeUInt32LE(32, 0)
      entry.writeUInt32LE(0x100 + index, 8)
      entry.writeUInt8(efficiencyClass, 18)
      return entry
    }),
  )
}
