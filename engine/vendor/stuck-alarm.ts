import type { Host } from '../host/host.ts'

/**
 * Ends this process if one call of a driver takes for ever. An engine that lives kills it long before that; but one that was killed
 * itself cannot, and a thread that is stuck in a library never hears that its channel broke. alarm(2) is the kernel's: its signal ends
 * the process whatever its threads do. Windows ends the children of a process with it (job objects), so it needs none.
 */
export interface StuckAlarm {
  set(): void
  clear(): void
}

const C_LIBRARY: Readonly<Record<Host['platform'], string | null>> = {
  linux: 'libc.so.6',
  darwin: '/usr/lib/libSystem.B.dylib',
  win32: null,
}

export function stuckAlarm(host: Pick<Host, 'library' | 'platform'>, afterS: number): StuckAlarm {
  const name = C_LIBRARY[host.platform]
  const library = name === null ? null : host.library(name, ['unsigned int alarm(unsigned int seconds)'])
  // A C library of another name (musl) leaves us without; everything else works.
  const alarm = library?.ok ? (library.value.alarm as ((seconds: number) => number) | undefined) : undefined
  return { set: () => void alarm?.(afterS), clear: () => void alarm?.(0) }
}
