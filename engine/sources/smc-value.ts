import { z } from 'zod'

/** What engine/vendor/smc.ts tells of each key. */
const Answer = z.object({
  keys: z.record(
    z.string(),
    z.object({ code: z.int(), result: z.int(), type: z.string().max(8), hex: z.string().max(64) }),
  ),
})
export type SmcKeys = z.infer<typeof Answer>['keys']

/** `null` where the answer is nonsense. */
export function parseSmc(answer: unknown): SmcKeys | null {
  const parsed = Answer.safeParse(answer)
  return parsed.success ? parsed.data.keys : null
}

/** The controller's word for a key that it does not have. */
const NO_SUCH_KEY = 0x84

/** Why a key has no value: the controller does not have it, or did not give it. */
export type SmcFault = 'absent' | 'broken'

/** A key's number; of a type that is not known it is `broken`, never guessed. */
export function smcNumber(keys: SmcKeys, key: string): number | SmcFault {
  const answer = keys[key]
  if (answer === undefined) return 'broken'
  if (answer.result === NO_SUCH_KEY) return 'absent'
  if (answer.code !== 0 || answer.result !== 0) return 'broken'
  const value = numberOf(answer.type, bytesOf(answer.hex))
  return value === null || !Number.isFinite(value) ? 'broken' : value
}

/**
 * `flt ` is an IEEE float, little-endian; `spXY` signed fixed point, big-endian, with Y (hexadecimal) binary places and X before them; `fpXY`
 * the same unsigned; `uiN` unsigned, big-endian (exelban/stats SMC/smc.swift, context-labs/mactop).
 */
function numberOf(type: string, bytes: Uint8Array): number | null {
  const view = new DataView(bytes.buffer)
  if (type === 'flt ') return bytes.length === 4 ? view.getFloat32(0, true) : null
  const whole = /^ui(8 |16|32)$/.exec(type)?.[1]
  if (whole !== undefined) return bytes.length * 8 === Number(whole) ? unsigned(bytes) : null
  const [, sign, before = '', places = ''] = /^(sp|fp)([\da-f])([\da-f])$/.exec(type) ?? []
  if (sign === undefined || bytes.length !== 2) return null
  const bits = Number.parseInt(before, 16) + Number.parseInt(places, 16)
  if (bits !== (sign === 'sp' ? 15 : 16)) return null
  const raw = sign === 'sp' ? view.getInt16(0) : view.getUint16(0)
  return raw / 2 ** Number.parseInt(places, 16)
}

function unsigned(bytes: Uint8Array): number {
  return bytes.reduce((number, byte) => number * 256 + byte, 0)
}

function bytesOf(hex: string): Uint8Array {
  return /^(?:[\da-f]{2})*$/.test(hex)
    ? Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
    : new Uint8Array()
}
