import { writeSync } from 'node:fs'
import { compileCatalogue } from '../engine/catalogue/match.ts'
import type { Host } from '../engine/host/host.ts'
import { startRecording } from '../engine/host/recorder.ts'
import { startLoop } from '../engine/loop.ts'
import { type Measuring, startMeasuring } from '../engine/measuring.ts'
import { readIdentity } from '../engine/processes/identity.ts'
import type { ConfiguredMeter } from '../engine/sources/wall/dialect.ts'
import { NO_TICK_WORK } from '../engine/tick.ts'

export type Recorded = { readonly ticks: number; readonly bytes: number; readonly durationMs: number }

const INTERVAL_MS = 1_000
/** Devices may come, and grants; as often as an engine looks. */
const REFRESH_TICKS = 60

/**
 * Records to an open file until the time is up or `stopped` resolves: a look at once, then one a second, in which the machine is measured as
 * an engine would, so that devices, drivers and meters are asked what an engine asks them. Each look is written whole, so that whatever ends it
 * leaves a file that can be played.
 * @throws where the file takes no more.
 */
export async function recordMachine(
  host: Host,
  options: {
    fd: number
    durationMs: number
    stopped: Promise<unknown>
    wallMeters: readonly ConfiguredMeter[]
  },
): Promise<Recorded> {
  const { fd, durationMs, stopped, wallMeters } = options
  const catalogue = compileCatalogue()
  let bytes = 0
  let measuring: Measuring | null = null
  const recorder = await startRecording(host, {
    intervalMs: INTERVAL_MS,
    durationMs,
    wallMeters,
    appOf: (pid, comm) =>
      measuring?.sampler().appOf(pid) ?? catalogue.match(readIdentity(host, pid, comm, null))?.app ?? null,
    write(text) {
      const piece = Buffer.from(text)
      bytes += piece.length
      for (let offset = 0; offset < piece.length; ) offset += writeSync(fd, piece, offset)
    },
  })
  measuring = await startMeasuring({
    host: recorder.host,
    facts: await host.facts(),
    catalogue: () => catalogue,
    selfPids: () => (host.selfPid === null ? [] : [host.selfPid]),
    keptFloor: () => null,
    work: NO_TICK_WORK,
    wallMeters: () => recorder.wallMeters,
  })
  const startMs = host.clock.monotonicMs()
  const wanted = Math.floor(durationMs / INTERVAL_MS) + 1
  let ticks = 0
  const done = Promise.withResolvers<unknown>()
  const look = () => {
    try {
      recorder.take(() => measuring.tick())
      ticks += 1
      if (ticks % REFRESH_TICKS === 0) measuring.refresh()
      if (ticks >= wanted) done.resolve(null)
    } catch (error) {
      done.reject(error)
    }
  }
  look()
  const stopLooking = startLoop(host.clock, INTERVAL_MS, look)
  try {
    await Promise.race([done.promise, stopped])
    recorder.end()
  } finally {
    stopLooking()
    measuring.close()
  }
  return { ticks, bytes, durationMs: host.clock.monotonicMs() - startMs }
}
