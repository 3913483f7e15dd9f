/** What koffi passes to C: integers, C strings, pointers (as `bigint`, or `null`), and memory that the call reads or fills. */
export type Argument = number | bigint | string | null | ArrayBufferView
export type Native = (...args: Argument[]) => unknown

/** Functions of a library, by name (engine/vendor/bind.ts). */
export type Natives<Prototypes> = Readonly<Record<keyof Prototypes & string, Native>>

/** A pointer as koffi returns it; `null` for NULL. */
export function pointer(value: unknown): bigint | null {
  return typeof value === 'bigint' && value !== 0n ? value : null
}

/** An integer as koffi returns it: a number where it fits, else a `bigint`. */
export function integer(value: unknown): bigint {
  return typeof value === 'bigint' || typeof value === 'number' ? BigInt(value) : 0n
}

/** Text up to the first zero byte. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end))
}

const decoder = new TextDecoder()
