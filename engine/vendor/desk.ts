import { problem } from '../../contract/result.ts'
import type { Host } from '../host/host.ts'
import type { VendorDriver, VendorLibrary } from './driver.ts'
import { loadLibrary } from './library.ts'
import type { VendorQuestion, VendorReply } from './protocol.ts'
import { stuckAlarm } from './stuck-alarm.ts'

/** The vendor process without its channel: a line in, a line out. */
export interface Desk {
  answer(line: string): string
  /** Unloads every library and ends the process. */
  end(): void
}

/** Loads drivers by name when they are first asked, and answers one question after the other. */
export function openDesk(drivers: readonly VendorDriver[], stuckAfterS: number): Desk {
  const platform: Host['platform'] =
    process.platform === 'darwin' ? 'darwin' : process.platform === 'win32' ? 'win32' : 'linux'
  const host = { library: loadLibrary, platform }
  const alarm = stuckAlarm(host, stuckAfterS)
  const libraries = new Map<string, VendorLibrary>()

  function answerTo(question: VendorQuestion): string {
    const { id } = question
    try {
      const answered = question.kind === 'close' ? close(question.driver) : read(question.driver, question.request)
      if (answered.ok)
        return JSON.stringify({ kind: 'answer', id, value: answered.value ?? null } satisfies VendorReply)
      const { code, reason, remedy } = answered
      return JSON.stringify({ kind: 'problem', id, code, reason, remedy })
    } catch (error) {
      // A mistake in one driver's code is told like a fault of that driver: the others in this process go on.
      const reason = `The driver library ${question.driver} could not be read: ${String(error)}.`
      return JSON.stringify({ kind: 'problem', id, code: 'broken', reason, remedy: null } satisfies VendorReply)
    }
  }

  function read(name: string, request: unknown) {
    const opened = libraries.get(name)
    if (opened !== undefined) return { ok: true, value: opened.read(request) } as const
    const driver = drivers.find((one) => one.name === name && one.platforms.includes(platform))
    if (driver === undefined) return problem('absent', `There is no driver library ${name} on this system.`)
    const loaded = driver.open(host)
    if (!loaded.ok) return loaded
    libraries.set(name, loaded.value)
    return { ok: true, value: loaded.value.read(request) } as const
  }

  function close(name: string) {
    libraries.get(name)?.close()
    libraries.delete(name)
    return { ok: true, value: null } as const
  }

  function end(): void {
    alarm.set()
    for (const library of libraries.values()) library.close()
    process.exit(0)
  }

  return {
    answer(line) {
      alarm.set()
      // Both ends are compiled together: the engine's types hold here.
      const reply = answerTo(JSON.parse(line) as VendorQuestion)
      alarm.clear()
      return reply
    },
    end,
  }
}
