import { ok, problem } from '../../contract/result.ts'
import type { Host } from '../../engine/host/host.ts'

/** CoreFoundation's objects as plain JavaScript values; a channel of IOReport is opaque. */
export type Cf = string | boolean | number | Cf[] | { [key: string]: Cf } | Channel
export type Channel = { channel: string; unit: string | null; value: bigint }
export type RegistryEntry = {
  className: string
  name?: string
  id?: bigint
  properties?: Record<string, Cf>
  children?: RegistryEntry[]
  /** Kernel's code of opening it. */
  opens?: number
  call?: (input: Uint8Array, output: Uint8Array) => number
}

/**
 * The libraries of macOS that drivers load, written from their headers and the signatures in engine/vendor, because there is no Mac here. It
 * counts references: what a driver creates or copies and does not release is left in `alive`.
 */
export class AppleLibraries {
  readonly registry: RegistryEntry[] = []
  /** `null`: no group of energy channels. */
  channels: Channel[] | null = null
  /** Declarations by library, as the drivers handed them over. */
  readonly declared: string[] = []
  readonly missing = new Set<string>()
  readonly functions: Record<string, (...args: never[]) => unknown>
  readonly #objects = new Map<bigint, { value: unknown; references: number }>()
  readonly #borrowed = new Map<unknown, bigint>()
  readonly #ports = new Map<number, RegistryEntry | RegistryEntry[]>()
  #next = 1n
  #nextPort = 1

  constructor() {
    this.functions = { ...this.#coreFoundation(), ...this.#ioReport(), ...this.#ioKit() }
  }

  readonly host: Pick<Host, 'library'> = {
    library: (name, prototypes) => {
      if (this.missing.has(name)) return problem('absent', `${name} could not be loaded.`)
      this.declared.push(...prototypes)
      const names = prototypes.map((prototype) => /(\w+)\(/.exec(prototype)?.[1] ?? '')
      return ok(
        Object.fromEntries(
          names.flatMap((each) => (each in this.functions ? [[each, this.functions[each]]] : [])),
        ) as Record<string, (...args: never[]) => unknown>,
      )
    },
  }

  /** Objects and registry entries that somebody still holds. */
  get alive(): number {
    return this.#objects.size + this.#ports.size
  }

  #own(value: unknown): bigint {
    const ref = this.#next++
    this.#objects.set(ref, { value, references: 1 })
    return ref
  }

  /** A pointer into an object that another holds: the same for the same value, and never to be released. */
  #borrow(value: unknown): bigint | null {
    if (value === undefined || value === null) return null
    const known = typeof value === 'object' ? this.#borrowed.get(value) : undefined
    if (known !== undefined) return known
    const ref = 1_000_000n + this.#next++
    this.#borrowed.set(ref, 0n)
    this.#values.set(ref, value)
    if (typeof value === 'object') this.#borrowed.set(value, ref)
    return ref
  }
  readonly #values = new Map<bigint, unknown>()

  #value(ref: bigint): unknown {
    const own = this.#objects.get(ref)
    if (own !== undefined) return own.value
    if (!this.#values.has(ref)) throw new Error(`use of a pointer that is not valid: ${ref}`)
    return this.#values.get(ref)
  }

  #coreFoundation(): Record<string, (...args: never[]) => unknown> {
    const kinds = { string: 7, number: 22, boolean: 21, array: 19, dictionary: 18, other: 1 }
    const kindOf = (value: unknown): keyof typeof kinds => {
      if (Array.isArray(value)) return 'array'
      if (typeof value === 'object' && value !== null) return 'channel' in value ? 'other' : 'dictionary'
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? (typeof value as 'string')
        : 'other'
    }
    return {
      CFRelease: (ref: bigint) => {
        if (!this.#objects.delete(ref)) throw new Error(`released what is not held: ${ref}`)
      },
      CFGetTypeID: (ref: bigint) => kinds[kindOf(this.#value(ref))],
      CFStringGetTypeID: () => kinds.string,
      CFNumberGetTypeID: () => kinds.number,
      CFBooleanGetTypeID: () => kinds.boolean,
      CFArrayGetTypeID: () => kinds.array,
      CFDictionaryGetTypeID: () => kinds.dictionary,
      CFStringCreateWithCString: (_: null, text: string) => this.#own(text),
      CFStringGetCString: (ref: bigint, buffer: Uint8Array, size: number) => {
        const { written } = new TextEncoder().encodeInto(`${this.#value(ref)}\0`, buffer.subarray(0, size))
        return written > 0 ? 1 : 0
      },
      CFNumberIsFloatType: (ref: bigint) => (Number.isInteger(this.#value(ref)) ? 0 : 1),
      CFNumberGetValue: (ref: bigint, type: number, into: BigInt64Array | Float64Array) => {
        const value = this.#value(ref) as number
        if (type === 4 && into instanceof BigInt64Array) into[0] = BigInt(value)
        else if (into instanceof Float64Array) into[0] = value
        return 1
      },
      CFBooleanGetValue: (ref: bigint) => (this.#value(ref) === true ? 1 : 0),
      CFArrayGetCount: (ref: bigint) => (this.#value(ref) as unknown[]).length,
      CFArrayGetValueAtIndex: (ref: bigint, index: number) => this.#borrow((this.#value(ref) as unknown[])[index]),
      CFArrayCreateMutableCopy: (_: null, __: number, ref: bigint) => this.#own([...(this.#value(ref) as unknown[])]),
      CFArrayRemoveValueAtIndex: (ref: bigint, index: number) => void (this.#value(ref) as unknown[]).splice(index, 1),
      CFDictionaryGetCount: (ref: bigint) => Object.keys(this.#value(ref) as object).length,
      CFDictionaryGetValue: (ref: bigint, key: bigint) =>
        this.#borrow((this.#value(ref) as Record<string, unknown>)[this.#value(key) as string]),
      CFDictionaryGetKeysAndValues: (ref: bigint, keys: BigUint64Array, values: BigUint64Array) => {
        for (const [index, [key, value]] of Object.entries(this.#value(ref) as object).entries()) {
          keys[index] = this.#borrow(key) ?? 0n
          values[index] = this.#borrow(value) ?? 0n
        }
      },
      CFDictionaryCreateMutableCopy: (_: null, __: number, ref: bigint) =>
        this.#own({ ...(this.#value(ref) as object) }),
      CFDictionarySetValue: (ref: bigint, key: bigint, value: bigint) => {
        const dictionary = this.#value(ref) as Record<string, unknown>
        dictionary[this.#value(key) as string] = this.#value(value)
      },
      CFURLCreateFromFileSystemRepresentation: (_: null, path: string) => this.#own(path),
      CFBundleCreate: (_: null, url: bigint) => this.#own({ bundle: this.#value(url) }),
      CFBundleGetIdentifier: (bundle: bigint) =>
        this.#borrow(`id of ${(this.#value(bundle) as { bundle: string }).bundle}`),
    }
  }

  #ioReport(): Record<string, (...args: never[]) => unknown> {
    const channelOf = (ref: bigint) => this.#value(ref) as Channel
    return {
      IOReportCopyChannelsInGroup: (group: bigint) => {
        if (this.#value(group) !== 'Energy Model' || this.channels === null) return null
        return this.#own({ IOReportChannels: [...this.channels] })
      },
      IOReportCreateSubscription: (_: null, channels: bigint, subscribed: BigUint64Array) => {
        subscribed[0] = this.#own({ subscribed: channels })
        return this.#own({ subscription: channels })
      },
      IOReportCreateSamples: (_: bigint, channels: bigint) => {
        if (this.channels === null) return null
        const asked = (this.#value(channels) as { IOReportChannels: Channel[] }).IOReportChannels
        return this.#own({ IOReportChannels: this.channels.filter((each) => asked.includes(each)) })
      },
      IOReportChannelGetChannelName: (ref: bigint) => this.#borrow(channelOf(ref).channel),
      IOReportChannelGetUnitLabel: (ref: bigint) => this.#borrow(channelOf(ref).unit),
      IOReportSimpleGetIntegerValue: (ref: bigint) => channelOf(ref).value,
    }
  }

  #ioKit(): Record<string, (...args: never[]) => unknown> {
    const hand = (what: RegistryEntry | RegistryEntry[]) => {
      const port = this.#nextPort++
      this.#ports.set(port, what)
      return port
    }
    const entryOf = (port: number) => {
      const entry = this.#ports.get(port)
      if (entry === undefined || Array.isArray(entry)) throw new Error(`no registry entry ${port}`)
      return entry
    }
    const write = (text: string, into: Uint8Array) => {
      new TextEncoder().encodeInto(`${text}\0`, into)
      return 0
    }
    return {
      mach_task_self: () => 259,
      IOServiceMatching: (name: string) => this.#own({ matching: name }),
      IOServiceGetMatchingServices: (_: number, matching: bigint, iterator: Uint32Array) => {
        const { matching: name } = this.#value(matching) as { matching: string }
        this.#objects.delete(matching)
        iterator[0] = hand(this.registry.filter(({ className }) => className.startsWith(name)))
        return 0
      },
      IOIteratorNext: (iterator: number) => {
        const entry = (this.#ports.get(iterator) as RegistryEntry[]).shift()
        return entry === undefined ? 0 : hand(entry)
      },
      IOObjectRelease: (port: number) => {
        if (!this.#ports.delete(port)) throw new Error(`released what is not held: port ${port}`)
        return 0
      },
      IOObjectGetClass: (port: number, into: Uint8Array) => write(entryOf(port).className, into),
      IORegistryEntryGetName: (port: number, into: Uint8Array) => write(entryOf(port).name ?? '', into),
      IORegistryEntryGetRegistryEntryID: (port: number, into: BigUint64Array) => {
        into[0] = entryOf(port).id ?? 0n
        return 0
      },
      IORegistryEntryGetChildIterator: (port: number, _: string, iterator: Uint32Array) => {
        iterator[0] = hand([...(entryOf(port).children ?? [])])
        return 0
      },
      IORegistryEntryCreateCFProperty: (port: number, key: bigint) => {
        const value = entryOf(port).properties?.[this.#value(key) as string]
        return value === undefined ? null : this.#own(value)
      },
      IOServiceOpen: (port: number, _: number, __: number, connection: Uint32Array) => {
        const entry = entryOf(port)
        if (entry.opens !== undefined && entry.opens !== 0) return entry.opens
        connection[0] = hand(entry)
        return 0
      },
      IOServiceClose: (port: number) => (this.#ports.delete(port) ? 0 : 1),
      IOConnectCallStructMethod: (port: number, selector: number, input: Uint8Array, _: number, output: Uint8Array) => {
        if (selector !== 2) return 1
        return entryOf(port).call?.(input, output) ?? 1
      },
    }
  }
}
