import { writeSync } from 'node:fs'
import { compileCatalogue } from '../engine/catalogue/match.ts'
import type { Host } from '../engine/host/host.ts'
import { startRecording } from '../engine/host/recorder.ts'
import { startLoop } from '../engine/loop.ts'
import { readIdentity } from '../engine/processes/identity.ts'

export type Recorded = { readonly ticks: number; readonly bytes: number; readonly durationMs: number }

const INTERVAL_MS = 1_000

/**
 * Records to an open file until the time is up or `stopped` resolves: a look at once, then one a second. Each look is written
 * whole, so that whatever ends it leaves a file that can be played.
 * @throws where the file takes no more.
 */
export async function recordMachine(
  host: Host,
  options: { fd: number; durationMs: number; stopped: Promise<unknown> },
): Promise<Recorded> {
  const { fd, durationMs, stopped } = options
  const catalogue = compileCatalogue()
  let bytes = 0
  const recorder = await startRecording(host, {
    intervalMs: INTERVAL_MS,
    durationMs,
    appOf: (pid, comm) => catalogue.match(readIdentity(host, pid, comm, null))?.app ?? null,
    write(text) {
      const piece = Buffer.from(text)
      bytes += piece.length
      for (let offset = 0; offset < piece.length; ) offset += writeSync(fd, piece, offset)
    },
  })
  const startMs = host.clock.monotonicMs()
  const wanted = Math.floor(durationMs / INTERVAL_MS) + 1
  let ticks = 0
  const done = Promise.withResolvers<unknown>()
  const look = () => {
    try {
      recorder.take()
      ticks += 1
      if (ticks >= wanted) done.resolve(null)
    } catch (error) {
      done.reject(error)
    }
  }
  look()
  const stopLooking = startLoop(host.clock, INTERVAL_MS, look)
  try {
    await Promise.race([done.promise, stopped])
  } finally {
    stopLooking()
  }
  return { ticks, bytes, durationMs: host.clock.monotonicMs() - startMs }
}
