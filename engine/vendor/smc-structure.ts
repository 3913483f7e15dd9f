/**
 * The structure of 80 bytes that AppleSMC takes and fills, in the machine's byte order (all Macs: little-endian): key @0, size @28, type
 * @32 and attributes @36 of a key, result @40, command @42, value @48. Layout as in exelban/stats SMC/smc.swift and vladkens/macmon.
 */
export const SMC_BYTES = 80

export const READ_BYTES = 5
export const READ_KEY_INFO = 9

const INFO = { from: 28, to: 40 } as const
const RESULT = 40
const COMMAND = 42
const VALUE = 48
const MOST_VALUE_BYTES = 32

/** Four ASCII characters as a number, the first one highest; `null` where it is no key. */
export function keyNumber(key: unknown): number | null {
  if (typeof key !== 'string' || !/^[\x20-\x7e]{4}$/.test(key)) return null
  return [...key].reduce((number, character) => number * 256 + character.charCodeAt(0), 0)
}

/** `info`: what the controller told of the key, handed back as it came; `null` to ask for it. */
export function writeRequest(key: string, command: number, info: Uint8Array | null): Uint8Array {
  const bytes = new Uint8Array(SMC_BYTES)
  new DataView(bytes.buffer).setUint32(0, keyNumber(key) ?? 0, true)
  if (info !== null) bytes.set(info, INFO.from)
  bytes[COMMAND] = command
  return bytes
}

export type SmcStructure = {
  readonly result: number
  /** Size, type and attributes of the key, as they stand. */
  readonly info: Uint8Array
  /** "flt ", "sp78", "ui16". */
  readonly type: string
  /** The value's bytes, two hexadecimal digits each. */
  readonly hex: string
}

/** `info`: of the key, where the answer itself leaves it out. */
export function readAnswer(bytes: Uint8Array, info: Uint8Array = bytes.slice(INFO.from, INFO.to)): SmcStructure {
  const view = new DataView(info.buffer, info.byteOffset)
  const size = Math.min(MOST_VALUE_BYTES, view.getUint32(0, true))
  const type = view.getUint32(4, true)
  return {
    result: bytes[RESULT] ?? 0,
    info,
    type: String.fromCharCode(type >>> 24, (type >>> 16) & 255, (type >>> 8) & 255, type & 255),
    hex: Array.from(bytes.subarray(VALUE, VALUE + size), (byte) => byte.toString(16).padStart(2, '0')).join(''),
  }
}
