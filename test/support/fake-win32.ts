import { ok, problem } from '../../contract/result.ts'
import type { Host } from '../../engine/host/host.ts'

type Functions = Readonly<Record<string, (...args: never[]) => unknown>>

/**
 * The calls of Windows that the drivers make, in JavaScript, by their documentation: it shows that the drivers call them as documented, not
 * that Windows answers so. Memory is a map of made-up addresses.
 */
export class FakeWin32 implements Pick<Host, 'library'> {
  /** Prototypes as they were bound, by library. */
  readonly bound = new Map<string, string[]>()
  /** Functions by library; a test adds its own. */
  readonly libraries = new Map<string, Functions>()
  readonly memory = new Map<bigint, Uint8Array>()
  readonly openHandles = new Set<number>()
  #nextAddress = 0x7ff0_0000_0000n
  #nextHandle = 100

  constructor() {
    this.libraries.set('kernel32.dll', {
      VirtualAlloc: (_address: null, lengthBytes: number) => {
        const address = this.#nextAddress
        this.#nextAddress += 0x1_0000_0000n
        this.memory.set(address, new Uint8Array(lengthBytes))
        return address
      },
      VirtualFree: (address: bigint) => (this.memory.delete(address) ? 1 : 0),
      RtlMoveMemory: (to: Uint8Array | bigint, from: Uint8Array | bigint, lengthBytes: number) => {
        this.at(to).set(this.at(from).subarray(0, lengthBytes))
      },
      CloseHandle: (handle: number) => (this.openHandles.delete(handle) ? 1 : 0),
      GetLastError: () => 5,
    })
  }

  add(name: string, functions: Functions): void {
    this.libraries.set(name, { ...this.libraries.get(name), ...functions })
  }

  /** Memory at an address that was given out, or a buffer itself. */
  at(place: Uint8Array | bigint): Uint8Array {
    const bytes = typeof place === 'bigint' ? this.memory.get(place) : place
    if (bytes === undefined) throw new Error(`no memory at ${place}`)
    return bytes
  }

  openHandle(): number {
    this.#nextHandle += 4
    this.openHandles.add(this.#nextHandle)
    return this.#nextHandle
  }

  library: Host['library'] = (name, prototypes) => {
    this.bound.set(name, [...(this.bound.get(name) ?? []), ...prototypes])
    const functions = this.libraries.get(name)
    return functions === undefined ? problem('absent', `${name} is not on this machine.`) : ok(functions)
  }
}

/** Bytes of text as Windows keeps it. */
export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le')
}
