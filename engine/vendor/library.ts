import { createRequire } from 'node:module'
import { ok, problem, type Result } from '../../contract/result.ts'

type Functions = Readonly<Record<string, (...args: never[]) => unknown>>

/** Binds a C library (`Host.library`). koffi is loaded by whoever asks for a library, and by nobody else. */
export function loadLibrary(name: string, prototypes: readonly string[]): Result<Functions, 'absent' | 'broken'> {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi')
  let library: ReturnType<typeof koffi.load>
  try {
    library = koffi.load(name)
  } catch (error) {
    const reason = error instanceof Error ? error.message : ''
    const isAbsent = /No such file|cannot open shared object|not be found|no such file/i.test(reason)
    return problem(isAbsent ? 'absent' : 'broken', `${name} could not be loaded.`)
  }
  const functions: Record<string, (...args: never[]) => unknown> = {}
  for (const prototype of prototypes) {
    try {
      const bound = library.func(prototype)
      functions[bound.info.name] = bound
    } catch (error) {
      if (!(error instanceof Error) || !/Cannot find function/i.test(error.message)) throw error
    }
  }
  return ok(functions)
}
