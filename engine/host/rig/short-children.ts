import { durationMs } from './duration.ts'
import type { RigProcess } from './schema.ts'

/** One short-lived child after another, a new one each `everyMs` of the parent's waking life; each is waited for when it ends. */
export type ShortChildren = { readonly everyMs: number; readonly lastsMs: number; readonly cores: number }

export type ChildCounts = {
  readonly started: number
  readonly ended: number
  /** Age of the one that started last. */
  readonly ageMs: number
}

export const NO_CHILDREN: ChildCounts = { started: 0, ended: 0, ageMs: 0 }

export function shortChildren(spec: RigProcess): ShortChildren | null {
  if (spec.children === undefined) return null
  const { every, lasts, cores } = spec.children
  return { everyMs: durationMs(every), lastsMs: durationMs(lasts), cores }
}

/** After `awakeMs` of the parent's life. At most one child lives at a time: `lastsMs` is at most `everyMs`. */
export function childCounts(children: ShortChildren, awakeMs: number): ChildCounts {
  const started = Math.floor(awakeMs / children.everyMs) + 1
  const ageMs = awakeMs - (started - 1) * children.everyMs
  return { started, ended: ageMs >= children.lastsMs ? started : started - 1, ageMs }
}

/** CPU time of all that started, and of those that ended. */
export function childCpuMs(children: ShortChildren, counts: ChildCounts): { startedMs: number; endedMs: number } {
  const endedMs = counts.ended * children.lastsMs * children.cores
  const runningMs = counts.started > counts.ended ? counts.ageMs * children.cores : 0
  return { startedMs: endedMs + runningMs, endedMs }
}
