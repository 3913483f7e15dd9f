import { setTimeout as wait } from 'node:timers/promises'
import type { z } from 'zod'
import { ok } from '../../contract/result.ts'
import { sources } from '../../engine/sources/registry.ts'
import type { OpenSource } from '../../engine/sources/source.ts'
import { plugAt, sourceHost } from '../support/source-host.ts'
import { moveSourceTree, NOT_NEEDED, SOURCE_FACTS } from '../support/source-tree.ts'
import { type SourcesAnswer, SourcesOrder } from './orders.ts'
import { serveOrders } from './serve-orders.ts'

/** Every source of Linux, each as if it were alone: what its part of a tick costs the thread that ticks. */

/** Code is compiled while it is young: the engine that this stands for runs for weeks. */
const WARM_TICKS = 300
const WARM_APART_MS = 20
const TICK_MS = 1_000

type Order = z.infer<typeof SourcesOrder>
type Open = { readonly id: string; readonly source: OpenSource; cpuUs: number; readings: number }

let opened: Open[] | null = null

async function openAll(order: Order): Promise<Open[]> {
  const { host } = sourceHost(order)
  const meter = { meter: plugAt(order.meterAddress), secret: ok(null) }
  const context = {
    host,
    facts: SOURCE_FACTS,
    load: () => ({ atMs: host.clock.monotonicMs(), busyMs: host.clock.monotonicMs(), logicalCpus: 22 }),
    // For each alone: beside RAPL there would be nothing left to estimate.
    measuredKinds: new Set<never>(),
    wallMeters: () => [meter],
  }
  const all: Open[] = []
  for (const source of sources.filter(({ id, platforms }) => platforms.includes('linux') && id !== NOT_NEEDED)) {
    const probed = await source.probe(context)
    if (!probed.ok) throw new Error(`${source.id} reads nothing: ${probed.reason}`)
    all.push({ id: source.id, source: probed.value, cpuUs: 0, readings: 0 })
  }
  return all
}

async function tick(all: readonly Open[], order: Order, apartMs: number): Promise<void> {
  await wait(apartMs)
  moveSourceTree(order.sysfs, performance.now() / 1_000)
  for (const one of all) {
    const before = process.cpuUsage()
    const readings = one.source.sample()
    one.source.uses?.()
    const { user, system } = process.cpuUsage(before)
    one.cpuUs += user + system
    one.readings += readings.filter(({ kind }) => kind !== 'fault').length
  }
}

serveOrders(SourcesOrder, async (order): Promise<z.infer<typeof SourcesAnswer>> => {
  if (opened === null) {
    opened = await openAll(order)
    for (let warm = 0; warm < WARM_TICKS; warm++) await tick(opened, order, WARM_APART_MS)
  }
  for (const one of opened) [one.cpuUs, one.readings] = [0, 0]
  for (let count = 0; count < order.ticks; count++) await tick(opened, order, TICK_MS)
  const each = (of: (one: Open) => number) => Object.fromEntries((opened ?? []).map((one) => [one.id, of(one)]))
  return { cpuUs: each(({ cpuUs }) => cpuUs / order.ticks), readings: each(({ readings }) => readings) }
})
