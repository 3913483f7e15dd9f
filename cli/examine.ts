import { ok, type Result } from '../contract/result.ts'
import type { SourceStatus, Sources } from '../contract/sources.ts'
import type { Context } from './command.ts'
import { isoTime } from './format.ts'
import type { Reached } from './reach.ts'
import type { DoctorJson } from './shapes.ts'
import { firstNow, withProgress } from './ticks.ts'

/** Every source of the machine after its first tick: what it reads, or why it reads nothing. */
export async function examine(context: Context, reached: Reached): Promise<Result<DoctorJson>> {
  // Where a tick is never complete, the sources still say why.
  const tick = await withProgress(context, 'Looking at every source …', firstNow(reached.client))
  const sources = await reached.client.call('sources', {})
  if (!sources.ok) return sources
  return ok(doctorJson(context, reached, sources.value, tick.ok ? tick.value.notices : []))
}

function doctorJson(
  { dataDir }: Context,
  { hello }: Reached,
  { sources, machine, findings }: Sources,
  notices: DoctorJson['notices'],
): DoctorJson {
  return {
    schema: 'perwatt.doctor/1',
    at: isoTime(Math.floor(Date.now() / 1_000)),
    dataDir,
    engine: {
      state: hello === null ? 'notRunning' : 'running',
      pid: hello?.pid ?? null,
      version: hello?.version ?? null,
    },
    machine,
    sources: sources.map(sourceJson),
    findings,
    notices,
  }
}

function sourceJson({ remedy: _, remedyText, lastReadS, ...source }: SourceStatus): DoctorJson['sources'][number] {
  return { ...source, remedy: remedyText, lastReadAt: lastReadS === null ? null : isoTime(lastReadS) }
}
