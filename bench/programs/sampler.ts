import { setTimeout as wait } from 'node:timers/promises'
import type { z } from 'zod'
import { AppId } from '../../contract/ids.ts'
import { realHost } from '../../engine/host/real.ts'
import { linuxSampler } from '../../engine/processes/linux.ts'
import { type SamplerAnswer, SamplerOrder } from './orders.ts'
import { serveOrders } from './serve-orders.ts'

/** The engine's sampler alone: takes the processes that the order marks for apps, and says what each sample cost. */

/** The first minute of a sampler's life is dearer: code is compiled, young processes are matched again up to ten seconds later. */
const WARM_SAMPLES = 200
const SETTLE_MS = 11_000

let sampler: ReturnType<typeof linuxSampler> | null = null

async function start(mark: string) {
  const host = realHost()
  const place = { app: AppId.parse('known'), role: null, computes: null, holdsTerminal: false }
  const started = linuxSampler({
    host,
    facts: await host.facts(),
    matcher: { recognise: ({ cmdline }) => (cmdline.includes(mark) ? () => place : (above) => above) },
    selfPids: () => [],
  })
  for (let warm = 0; warm < WARM_SAMPLES; warm++) started.sample()
  await wait(SETTLE_MS)
  for (let warm = 0; warm < WARM_SAMPLES; warm++) started.sample()
  return started
}

serveOrders(SamplerOrder, async ({ samples, apartMs, mark }): Promise<z.infer<typeof SamplerAnswer>> => {
  sampler ??= await start(mark)
  const cpuMs: number[] = []
  let known = 0
  for (let count = 0; count < samples; count++) {
    await wait(apartMs)
    const before = process.cpuUsage()
    const sample = sampler.sample()
    const { user, system } = process.cpuUsage(before)
    cpuMs.push((user + system) / 1_000)
    known = sample?.apps.find(({ app }) => app === 'known')?.processes ?? 0
  }
  return { cpuMs, known }
})
