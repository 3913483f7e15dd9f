import { ok, type Result } from '../../../contract/result.ts'
import type { Host, VendorFault } from '../../host/host.ts'
import { bind } from '../bind.ts'
import { integer, type Natives, pointer, textOf } from './native.ts'

/** A CoreFoundation object. What a function with Create or Copy in its name returns is released by its caller; all else is borrowed. */
export type Ref = bigint

/** A property as plain JSON: whole numbers as decimal strings, because they may have 64 bits. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

export interface CoreFoundation {
  /** A new CFString, to be released. */
  create(text: string): Ref
  text(ref: Ref | null): string | null
  plain(ref: Ref | null): Plain
  /** Borrowed. */
  value(dictionary: Ref, key: Ref): Ref | null
  elements(array: Ref): Ref[]
  /** A new dictionary in which `key` holds only those elements of its array that are wanted; `null` where it holds no array. */
  filtered(dictionary: Ref, key: Ref, isWanted: (element: Ref) => boolean): Ref | null
  /** Identifier of the bundle in this folder (`/Applications/Ollama.app`); `null` where it has none. */
  bundleId(folder: string): string | null
  release(ref: Ref | null): void
}

const PATH = '/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation'
/** CFString.h, CFNumber.h */
const UTF8 = 0x08000100
const SINT64 = 4
const DOUBLE = 13
/** Nothing that is read here is deeper or longer; a bound all the same, because it is foreign. */
const MOST_DEPTH = 6
const MOST_ELEMENTS = 10_000

const PROTOTYPES = {
  CFRelease: 'void CFRelease(void *ref)',
  CFGetTypeID: 'uint64_t CFGetTypeID(void *ref)',
  CFStringGetTypeID: 'uint64_t CFStringGetTypeID()',
  CFNumberGetTypeID: 'uint64_t CFNumberGetTypeID()',
  CFBooleanGetTypeID: 'uint64_t CFBooleanGetTypeID()',
  CFArrayGetTypeID: 'uint64_t CFArrayGetTypeID()',
  CFDictionaryGetTypeID: 'uint64_t CFDictionaryGetTypeID()',
  CFStringCreateWithCString: 'void *CFStringCreateWithCString(void *allocator, const char *text, uint32_t encoding)',
  CFStringGetCString: 'uint8_t CFStringGetCString(void *text, void *buffer, int64_t size, uint32_t encoding)',
  CFNumberIsFloatType: 'uint8_t CFNumberIsFloatType(void *number)',
  CFNumberGetValue: 'uint8_t CFNumberGetValue(void *number, int64_t type, void *value)',
  CFBooleanGetValue: 'uint8_t CFBooleanGetValue(void *boolean)',
  CFArrayGetCount: 'int64_t CFArrayGetCount(void *array)',
  CFArrayGetValueAtIndex: 'void *CFArrayGetValueAtIndex(void *array, int64_t index)',
  CFArrayCreateMutableCopy: 'void *CFArrayCreateMutableCopy(void *allocator, int64_t capacity, void *array)',
  CFArrayRemoveValueAtIndex: 'void CFArrayRemoveValueAtIndex(void *array, int64_t index)',
  CFDictionaryGetCount: 'int64_t CFDictionaryGetCount(void *dictionary)',
  CFDictionaryGetValue: 'void *CFDictionaryGetValue(void *dictionary, void *key)',
  CFDictionaryGetKeysAndValues: 'void CFDictionaryGetKeysAndValues(void *dictionary, void *keys, void *values)',
  CFDictionaryCreateMutableCopy: 'void *CFDictionaryCreateMutableCopy(void *allocator, int64_t capacity, void *from)',
  CFDictionarySetValue: 'void CFDictionarySetValue(void *dictionary, void *key, void *value)',
  CFURLCreateFromFileSystemRepresentation:
    'void *CFURLCreateFromFileSystemRepresentation(void *allocator, const char *path, int64_t length, uint8_t isFolder)',
  CFBundleCreate: 'void *CFBundleCreate(void *allocator, void *url)',
  CFBundleGetIdentifier: 'void *CFBundleGetIdentifier(void *bundle)',
} as const

/** CoreFoundation's strings, numbers, arrays and dictionaries (CFBase.h and its neighbours), as far as drivers need them. */
export function openCoreFoundation(host: Pick<Host, 'library'>): Result<CoreFoundation, VendorFault> {
  const bound = bind<Natives<typeof PROTOTYPES>>(host, PATH, PROTOTYPES)
  if (!bound.ok) return bound
  const cf = bound.value
  const kinds = new Map([
    [integer(cf.CFStringGetTypeID()), 'string'],
    [integer(cf.CFNumberGetTypeID()), 'number'],
    [integer(cf.CFBooleanGetTypeID()), 'boolean'],
    [integer(cf.CFArrayGetTypeID()), 'array'],
    [integer(cf.CFDictionaryGetTypeID()), 'dictionary'],
  ])
  const kindOf = (ref: Ref) => kinds.get(integer(cf.CFGetTypeID(ref)))
  const characters = new Uint8Array(4_096)
  const sint64 = new BigInt64Array(1)
  const double = new Float64Array(1)

  function text(ref: Ref | null): string | null {
    if (ref === null || kindOf(ref) !== 'string') return null
    const isWritten = integer(cf.CFStringGetCString(ref, characters, characters.length, UTF8)) !== 0n
    return isWritten ? textOf(characters) : null
  }

  function number(ref: Ref): string | number | null {
    if (integer(cf.CFNumberIsFloatType(ref)) !== 0n) {
      return integer(cf.CFNumberGetValue(ref, DOUBLE, double)) !== 0n ? (double[0] ?? null) : null
    }
    return integer(cf.CFNumberGetValue(ref, SINT64, sint64)) !== 0n ? String(sint64[0]) : null
  }

  function elements(array: Ref): Ref[] {
    const count = Math.min(MOST_ELEMENTS, Number(integer(cf.CFArrayGetCount(array))))
    return Array.from({ length: count }, (_, index) => pointer(cf.CFArrayGetValueAtIndex(array, index))).filter(
      (element) => element !== null,
    )
  }

  function dictionary(ref: Ref, depth: number): Plain {
    const count = Number(integer(cf.CFDictionaryGetCount(ref)))
    if (count > MOST_ELEMENTS) return null
    const keys = new BigUint64Array(count)
    const values = new BigUint64Array(count)
    cf.CFDictionaryGetKeysAndValues(ref, keys, values)
    const record: Record<string, Plain> = {}
    for (const [index, key] of keys.entries()) {
      const name = text(pointer(key))
      if (name !== null) record[name] = plainAt(pointer(values[index]), depth + 1)
    }
    return record
  }

  function plainAt(ref: Ref | null, depth: number): Plain {
    if (ref === null || depth > MOST_DEPTH) return null
    switch (kindOf(ref)) {
      case 'string':
        return text(ref)
      case 'number':
        return number(ref)
      case 'boolean':
        return integer(cf.CFBooleanGetValue(ref)) !== 0n
      case 'array':
        return elements(ref).map((element) => plainAt(element, depth + 1))
      case 'dictionary':
        return dictionary(ref, depth)
      default:
        return null
    }
  }

  function create(from: string): Ref {
    const ref = pointer(cf.CFStringCreateWithCString(null, from, UTF8))
    if (ref === null) throw new Error('CoreFoundation made no string')
    return ref
  }

  function release(ref: Ref | null): void {
    if (ref !== null) cf.CFRelease(ref)
  }

  function filtered(from: Ref, key: Ref, isWanted: (element: Ref) => boolean): Ref | null {
    const array = pointer(cf.CFDictionaryGetValue(from, key))
    if (array === null || kindOf(array) !== 'array') return null
    const copy = pointer(cf.CFDictionaryCreateMutableCopy(null, cf.CFDictionaryGetCount(from) as number, from))
    // A copy of the array keeps its elements alive, as a new one without callbacks would not.
    const kept = pointer(cf.CFArrayCreateMutableCopy(null, 0, array))
    if (copy !== null && kept !== null) {
      for (const [index, element] of [...elements(kept).entries()].reverse()) {
        if (!isWanted(element)) cf.CFArrayRemoveValueAtIndex(kept, index)
      }
      cf.CFDictionarySetValue(copy, key, kept)
    }
    release(kept)
    return copy
  }

  function bundleId(folder: string): string | null {
    const length = new TextEncoder().encode(folder).length
    const url = pointer(cf.CFURLCreateFromFileSystemRepresentation(null, folder, length, 1))
    const bundle = url === null ? null : pointer(cf.CFBundleCreate(null, url))
    const id = bundle === null ? null : text(pointer(cf.CFBundleGetIdentifier(bundle)))
    release(bundle)
    release(url)
    return id
  }

  return ok({
    create,
    text,
    plain: (ref) => plainAt(ref, 0),
    value: (from, key) => pointer(cf.CFDictionaryGetValue(from, key)),
    elements,
    filtered,
    bundleId,
    release,
  })
}
