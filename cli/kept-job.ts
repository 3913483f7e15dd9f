import { randomUUID } from 'node:crypto'
import type { JobRow } from '../contract/models.ts'
import { attach } from '../engine/socket/client.ts'
import type { Context } from './command.ts'
import type { Measured } from './run-measured.ts'

export type BegunJob = {
  /** Keeps the run with what it drew; `null` where it never began. Resolves with the job's id, or `null` where it could not be kept. */
  end(measured: Measured | null): Promise<string | null>
}

/** Tells the engine of a run, so that it is kept as a job. Where no engine takes it, that is said, and the run goes on. */
export async function beginJob(context: Context, label: string, startS: number): Promise<BegunJob> {
  const begun: JobRow = {
    ...{ id: randomUUID(), label, app: null, kind: 'run', startS, endS: null },
    ...{ exitCode: null, energyMj: null, uncertainty: null, provenance: null },
  }
  const isKept = await keep(context, begun)
  return {
    async end(measured) {
      // Begun without an engine, it is still kept whole where one has started meanwhile.
      const ended: JobRow = {
        ...begun,
        endS: Math.max(startS, Math.floor(Date.now() / 1_000)),
        ...(measured === null ? {} : figuresOf(measured)),
      }
      if (measured === null && !isKept) return null
      if (await keep(context, ended)) return ended.id
      context.terminal.note('The run is not kept: no engine takes it. Start the app or perwatt service first.')
      return null
    },
  }
}

function figuresOf({ exitCode, energyMj, uncertainty, provenance }: Measured) {
  return { exitCode, energyMj, uncertainty, provenance }
}

async function keep({ dataDir, terminal }: Context, job: JobRow): Promise<boolean> {
  const attached = await attach(dataDir)
  if (!attached.ok) {
    terminal.detail(attached.reason)
    return false
  }
  const kept = await attached.value.client.call('keepJob', job)
  attached.value.close()
  if (!kept.ok) terminal.detail(kept.reason)
  return kept.ok
}
