import { setTimeout as wait } from 'node:timers/promises'
import type { z } from 'zod'
import { type Agents, createAgents } from '../../engine/agents/agents.ts'
import { logClaudeCode } from '../../engine/agents/log-claude-code.ts'
import { systemClock } from '../../engine/clock/system.ts'
import { realAgentFiles } from '../../engine/host/real/agent-files.ts'
import { memoryOf } from '../measure.ts'
import { quantile } from '../statistics.ts'
import { type AgentLogsAnswer, AgentLogsOrder } from './orders.ts'
import { serveOrders } from './serve-orders.ts'

/** The readers of agents' logs in a process without anything else. Needs `--expose-gc`. */
serveOrders(AgentLogsOrder, async ({ home, looks }): Promise<z.infer<typeof AgentLogsAnswer>> => {
  const system = systemClock()
  const slicesMs: number[] = []
  let skippedMs = 0
  let underWay = 0
  const state = new Map<string, string>()
  let [records, outputTokens] = [0, 0]
  const agents = createAgents({
    ...{ files: realAgentFiles(), platform: 'linux', home, env: {}, readers: [logClaudeCode], sinceMs: 0 },
    clock: {
      ...system,
      monotonicMs: () => system.monotonicMs() + skippedMs,
      after(delayMs, callback, options) {
        underWay++
        return system.after(
          delayMs,
          () => {
            underWay--
            const before = process.threadCpuUsage()
            callback()
            const { user, system } = process.threadCpuUsage(before)
            slicesMs.push((user + system) / 1_000)
          },
          options,
        )
      },
    },
    kept: (name) => state.get(name) ?? null,
    save: (name, text) => void state.set(name, text),
    projectKey: () => 'project',
    onUsage({ output }) {
      records++
      outputTokens += output ?? 0
    },
  })
  const before = heldMb()
  const startMs = performance.now()
  const cpuMs = await cpuOf(() => lookOnce(agents, () => underWay))
  const wallMs = performance.now() - startMs
  agents.keep()
  const after = heldMb()
  const sliceMs = quantile(slicesMs, 0.99)
  let lookMs = 0
  for (let look = 0; look < looks; look++) {
    skippedMs += 60_000
    lookMs += (await cpuOf(() => lookOnce(agents, () => underWay))) / looks
  }
  agents.close()
  const stateBytes = [...state.values()].reduce((sum, text) => sum + text.length, 0)
  return { records, outputTokens, cpuMs, sliceMs, wallMs, heldMb: after - before, lookMs, stateBytes }
})

async function lookOnce(agents: Agents, underWay: () => number): Promise<void> {
  agents.tick(new Set())
  while (underWay() > 0) await wait(20)
}

async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

function heldMb(): number {
  if (globalThis.gc === undefined) throw new Error('started without --expose-gc')
  globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  return memoryOf([process.pid]).pssMb
}
