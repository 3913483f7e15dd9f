import { basename } from 'node:path'
import type { z } from 'zod'
import { keepHeapSmall } from '../../engine/host/real/small-heap.ts'
import { loadRigFile } from '../../engine/host/rig/load-file.ts'
import { rigHost } from '../../engine/host/rig/rig-host.ts'
import { rigPlayer, simulate } from '../../engine/simulate.ts'
import { type Memory, memoryOf } from '../measure.ts'
import { type Played, PlayOrder } from './orders.ts'
import { serveOrders } from './serve-orders.ts'

/** The engine playing a rig, in a process without anything else. Needs `--expose-gc`. */
serveOrders(PlayOrder, async ({ rig: file, dataDir, isService, firstMarkTicks }): Promise<z.infer<typeof Played>> => {
  if (isService) keepHeapSmall()
  const rig = await loadRigFile(file)
  if (!rig.ok) throw new Error(rig.reason)
  const host = rigHost(rig.value)
  const player = rigPlayer(host)
  let first: Memory | null = null
  let last: Memory | null = null
  let steps = 0
  const step = () => {
    const goesOn = player.step()
    steps += 1
    if (steps === firstMarkTicks) first = memoryHeld()
    if (!goesOn) last = memoryHeld()
    return goesOn
  }
  const options = { version: '0', dataDir, timeZone: rig.value.zone }
  const played = await simulate({ ...player, step }, options)
  if (!played.ok) throw new Error(played.reason)
  if (first === null || last === null) throw new Error(`${basename(file)} is shorter than its first mark`)
  const { user, system } = process.cpuUsage()
  const { ticks, byApp } = played.value
  return { cpuMs: (user + system) / 1_000, ticks, coverageRatio: byApp.coverageRatio, first, last }
})

/**
 * Played thousands of times faster than lived, garbage piles up as it never would, and V8 keeps room for more of it: what is held counts.
 * The collection is the one that gives all free pages back.
 */
function memoryHeld(): Memory {
  if (globalThis.gc === undefined) throw new Error('started without --expose-gc')
  globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  return memoryOf([process.pid])
}
