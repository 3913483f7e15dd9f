import { Socket } from 'node:net'
import { problem } from '../../contract/result.ts'
import type { Host } from '../host/host.ts'
import { CHANNEL, lineCutter } from './channel.ts'
import type { VendorDriver, VendorLibrary } from './driver.ts'
import { loadLibrary } from './library.ts'
import type { VendorQuestion, VendorReply } from './protocol.ts'
import { stuckAlarm } from './stuck-alarm.ts'

/** Longer than the engine waits for an answer (line.ts), so that it is the engine who tells what happened. */
const STUCK_AFTER_S = 30

/**
 * The vendor process: loads drivers by name when they are first asked, answers one question after the other, and ends with its channel,
 * which breaks when the engine ends, however it ends.
 */
export function serveDrivers(drivers: readonly VendorDriver[], options: { stuckAfterS?: number } = {}): void {
  const platform: Host['platform'] =
    process.platform === 'darwin' ? 'darwin' : process.platform === 'win32' ? 'win32' : 'linux'
  const host = { library: loadLibrary, platform }
  const alarm = stuckAlarm(host, options.stuckAfterS ?? STUCK_AFTER_S)
  const libraries = new Map<string, VendorLibrary>()

  function answer(question: VendorQuestion): string {
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

  // Ctrl-C reaches every process of a terminal; the engine may have a last reading to take (`perwatt run`).
  process.on('SIGINT', () => {})
  process.on('SIGHUP', () => {})
  const channel = new Socket({ fd: CHANNEL, readable: true, writable: true })
  const cut = lineCutter((line) => {
    alarm.set()
    // Both ends are compiled together: the engine's types hold here.
    const reply = answer(JSON.parse(line) as VendorQuestion)
    alarm.clear()
    channel.write(`${reply}\n`)
  }, end)
  channel.setEncoding('utf8').on('data', cut).on('error', end).on('close', end)
}
