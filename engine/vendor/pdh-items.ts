/** Name of an instance, and the first value of its raw counter as a decimal string. */
export type PdhItem = readonly [name: string, value: string]

/** PDH_RAW_COUNTER_ITEM_W on 64-bit Windows: name pointer @0, CStatus @8, FirstValue @24, 48 bytes in all (pdh.h, pdhmsg.h). */
const ITEM_BYTES = 48
/** PDH_CSTATUS_VALID_DATA and PDH_CSTATUS_NEW_DATA. */
const GOOD_STATUS = 1
/** PDH cuts instance names to PDH_MAX_INSTANCE_NAME (1,024) characters. */
const MOST_NAME_UNITS = 1_024

const decoder = new TextDecoder('utf-16le')

/**
 * Instances of a raw counter array that lay at `address` when PDH filled it: names are pointers into the same buffer. An instance without
 * a good value, with a value of 0 or with a name outside the buffer is left out.
 */
export function parseItems(bytes: Uint8Array, address: bigint, count: number): PdhItem[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const items: PdhItem[] = []
  for (let index = 0; index < count && (index + 1) * ITEM_BYTES <= bytes.length; index++) {
    const at = index * ITEM_BYTES
    const value = view.getBigInt64(at + 24, true)
    if (view.getUint32(at + 8, true) > GOOD_STATUS || value <= 0n) continue
    const name = nameAt(bytes, view.getBigUint64(at, true) - address)
    if (name !== null) items.push([name, value.toString()])
  }
  return items
}

function nameAt(bytes: Uint8Array, offset: bigint): string | null {
  if (offset < 0n || offset >= BigInt(bytes.length)) return null
  const from = Number(offset)
  let to = from
  const end = Math.min(bytes.length - 1, from + MOST_NAME_UNITS * 2)
  while (to < end && (bytes[to] !== 0 || bytes[to + 1] !== 0)) to += 2
  return to > from && to < end ? decoder.decode(bytes.subarray(from, to)) : null
}
