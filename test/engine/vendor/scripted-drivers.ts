import { writeSync } from 'node:fs'
import { kill } from 'node:process'
import { ok, problem } from '../../../contract/result.ts'
import { CHANNEL } from '../../../engine/vendor/channel.ts'
import type { VendorDriver } from '../../../engine/vendor/driver.ts'

/**
 * Drivers that do what drivers are feared for, on request. No real library can be asked to hang or to crash; what these do happens in a
 * real process all the same.
 */
export const scriptedDrivers: readonly VendorDriver[] = [
  scripted('one'),
  scripted('two'),
  { name: 'none', platforms: ['linux', 'darwin', 'win32'], open: () => problem('absent', 'There is no such library.') },
  { name: 'locked', platforms: ['linux', 'darwin', 'win32'], open: () => problem('denied', 'Root alone may load it.') },
  { name: 'nowhere', platforms: [], open: () => ok({ read: () => null, close() {} }) },
  { name: 'slow', platforms: ['linux', 'darwin', 'win32'], open: () => hang() },
]

function scripted(name: string): VendorDriver {
  let opened = 0
  return {
    name,
    platforms: ['linux', 'darwin', 'win32'],
    open() {
      opened++
      let reads = 0
      return ok({
        read: (request) => {
          reads++
          const acted = act(request)
          return acted === undefined ? { request, opened, reads, pid: process.pid } : acted
        },
        close() {},
      })
    },
  }
}

function act(request: unknown): unknown {
  switch (request) {
    case 'hang':
      return hang()
    case 'hang aloud':
      writeSync(2, 'stuck\n')
      return hang()
    case 'abort':
      return abort()
    case 'exit':
      return process.exit(3)
    case 'abort later':
      setImmediate(abort)
      return 'soon'
    case 'throw':
      throw new Error('a mistake')
    case 'bigint':
      return 2n
    case 'long':
      return 'x'.repeat(5_000_000)
    case 'nothing':
      return null
    default:
      if (typeof request === 'object' && request !== null && 'say' in request) writeSync(CHANNEL, `${request.say}\n`)
      return undefined
  }
}

/** The signal of abort(3), without the stack trace that Node's own `abort` prints. */
function abort(): void {
  kill(process.pid, 'SIGABRT')
}

/** Holds the thread as a library does that waits for a device. */
function hang(): never {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  throw new Error('nobody wakes it')
}
