import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { keepHeapSmall } from '../../engine/host/real/small-heap.ts'
import { type Engine, startEngine } from '../../engine/index.ts'
import { plugAt, sourceHost } from '../support/source-host.ts'
import { type TreeEngineAnswer, TreeEngineOrder } from './orders.ts'
import { serveOrders } from './serve-orders.ts'

/** The engine as it runs under the app, a tick a second, ledger included, on the devices of a made-up machine; started by the first order. */

keepHeapSmall()
let running: { readonly engine: Engine; readonly vendorPid: () => number | null } | null = null

serveOrders(TreeEngineOrder, async (order): Promise<z.infer<typeof TreeEngineAnswer>> => {
  running ??= await start(order)
  const sources = await running.engine.handlers.sources({})
  if (!sources.ok) throw new Error(sources.reason)
  const measuring = sources.value.sources.filter(({ state }) => state === 'measuring').map(({ id }) => id)
  return { measuring, vendorPid: running.vendorPid() }
})

async function start(order: z.infer<typeof TreeEngineOrder>) {
  const { host, port } = sourceHost(order)
  const wallMeters = order.meterAddress === null ? [] : [plugAt(order.meterAddress)]
  writeFileSync(join(order.dataDir, 'settings.json'), JSON.stringify({ wallMeters }))
  const started = await startEngine(host, { version: '0', dataDir: order.dataDir, timeZone: 'Etc/UTC' })
  if (!started.ok) throw new Error(started.reason)
  return { engine: started.value, vendorPid: () => port.pid }
}
