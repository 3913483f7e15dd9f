import type { AppId } from '../contract/ids.ts'
import type { MeterEvent } from '../contract/metering.ts'
import { createAgents } from './agents/agents.ts'
import { joinUsage } from './agents/join.ts'
import { RecentCalls } from './agents/recent-calls.ts'
import { RecentModels } from './agents/recent-models.ts'
import type { AgentFiles } from './host/agent-files.ts'
import type { Host } from './host/host.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Servers } from './servers/servers.ts'
import type { Output } from './work/output-book.ts'

/** Where the user's agents keep their logs, and under which keyed hash a folder of theirs is a project. */
export type AgentHome = {
  readonly files: AgentFiles
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly projectKey: (folder: string) => string
}

/** What coding agents say of their use, joined with what servers and the metering proxy count (attribution.md §4). */
export interface AgentUsage {
  tick(busyApps: ReadonlySet<AppId>): void
  /** Requests that the metering proxy saw: a log's line about one of them counts nothing again. */
  note(events: readonly MeterEvent[]): void
  /** How far the logs are read is written with what they told. Right after their output is recorded, and never elsewhere. */
  keep(): void
  close(): void
}

export function createAgentUsage(parts: {
  readonly host: Host
  readonly home: AgentHome
  readonly ledger: Ledger
  readonly servers: Servers
  readonly addOutput: (output: Output) => void
}): AgentUsage {
  const { host, home, ledger, servers } = parts
  const { clock } = host
  const calls = new RecentCalls()
  const held = new RecentModels()
  const agents = createAgents({
    ...home,
    platform: host.platform,
    clock,
    kept: (name) => ledger.state(name),
    save: (name, text) => ledger.saveState(name, text),
    sinceMs: 1_000 * Number(ledger.state('ledger.begunS') ?? clock.wallMs() / 1_000),
    onUsage(record) {
      const here = {
        served: held.served(),
        counts: (app: AppId) => servers.counts(app),
        calls: calls.calls(clock.wallMs()),
      }
      const joined = joinUsage(record, here)
      if (joined.kind === 'output') parts.addOutput(joined.output)
    },
  })
  return {
    tick(busyApps) {
      held.note(servers.models(), clock.wallMs())
      agents.tick(busyApps)
    },
    note: (events) => calls.note(events),
    keep: () => agents.keep(),
    close: () => agents.close(),
  }
}
