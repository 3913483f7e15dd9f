import type { AppId } from '../../../contract/ids.ts'
import type { AgentReader } from '../../../engine/agents/agent-log.ts'
import { type Agents, createAgents } from '../../../engine/agents/agents.ts'
import type { UsageRecord } from '../../../engine/agents/usage-record.ts'
import { type VirtualClock, virtualClock } from '../../../engine/clock/virtual.ts'
import { MemoryAgentFiles } from '../../support/memory-agent-files.ts'

export type Sums = { requests: number; input: number; cacheRead: number; cacheWrite: number; output: number }

/** A user's home with agents in it, read as the engine reads it. */
export class AgentHome {
  readonly files: MemoryAgentFiles
  readonly clock: VirtualClock = virtualClock({ wallMs: Date.UTC(2026, 10, 25) })
  readonly state = new Map<string, string>()
  readonly home = '/home/ada'
  env: Record<string, string | undefined> = {}
  sinceMs = 0
  records: UsageRecord[] = []
  readers: readonly AgentReader[] | undefined
  platform: 'linux' | 'darwin' | 'win32' = 'linux'
  /** So much time passes with every look at the clock: then work takes time, as it does in life. */
  clockTakesMs = 0
  #passedMs = 0
  agents: Agents

  constructor(files = new MemoryAgentFiles()) {
    this.files = files
    this.agents = this.start()
  }

  /** The engine begins, or begins again with what it saved. */
  start(): Agents {
    this.agents?.close()
    this.agents = createAgents({
      clock: { ...this.clock, monotonicMs: () => this.#monotonicMs() },
      ...{ files: this.files, home: this.home, env: this.env, platform: this.platform },
      kept: (name) => this.state.get(name) ?? null,
      save: (name, text) => void this.state.set(name, text),
      projectKey: (folder) => `project-of-${folder.length}`,
      sinceMs: this.sinceMs,
      onUsage: (record) => void this.records.push(record),
      ...(this.readers === undefined ? {} : { readers: this.readers }),
    })
    return this.agents
  }

  #monotonicMs(): number {
    this.#passedMs += this.clockTakesMs
    return this.clock.monotonicMs() + this.#passedMs
  }

  /** Looks at everything that is due after a while, to its end. */
  look(afterMs = 60_000, busyApps: readonly string[] = []): void {
    this.clock.advance(afterMs)
    this.agents.tick(new Set(busyApps) as unknown as ReadonlySet<AppId>)
    this.clock.advance(30_000)
  }

  /** The ledger and what was read are saved together. */
  keep(): UsageRecord[] {
    this.agents.keep()
    return this.records.splice(0)
  }

  sums(records: readonly UsageRecord[] = this.records): Record<string, Sums> {
    return sumsByModel(records)
  }
}

/** Tokens by model, with its provider before it where the log tells one. */
export function sumsByModel(records: readonly UsageRecord[], withProvider = false): Record<string, Sums> {
  const sums: Record<string, Sums> = {}
  for (const record of records) {
    const model = record.model ?? 'unknown'
    const name = withProvider && record.provider !== null ? `${record.provider}/${model}` : model
    sums[name] ??= { requests: 0, input: 0, cacheRead: 0, cacheWrite: 0, output: 0 }
    const sum = sums[name]
    for (const part of ['requests', 'input', 'cacheRead', 'cacheWrite', 'output'] as const)
      sum[part] += record[part] ?? 0
  }
  return sums
}
