import { problem, type Remedy } from '../../contract/result.ts'
import type { FileFault } from '../host/host.ts'
import type { Domain, Reading, SourceFault } from './source.ts'

/** Reads one meter. `null`: nothing new in this tick. */
export interface MeterReader {
  sample(nowMs: number): Reading | null
  close(): void
}

export type MeterFault = FileFault | 'nonsense' | 'frozen' | 'late'

const SAYS: Readonly<Record<MeterFault, readonly [SourceFault, string]>> = {
  absent: ['absent', 'is no longer there'],
  gone: ['absent', 'is no longer there'],
  denied: ['denied', 'may not be read by you'],
  broken: ['broken', 'could not be read this time'],
  exhausted: ['broken', 'could not be read, because too many files are open'],
  nonsense: ['broken', 'gave no number that can be a power'],
  frozen: ['broken', 'has stood still'],
  late: ['broken', 'has not answered for ten seconds'],
}

export function meterFault(domain: Domain, atMs: number, why: MeterFault, path?: string): Reading {
  const [code, what] = SAYS[why]
  const remedy = code === 'denied' && path !== undefined ? readableByAll(path) : null
  return {
    kind: 'fault',
    domain: domain.id,
    atMs,
    problem: problem(code, `The sensor "${domain.name}" ${what}.`, remedy),
  }
}

/** Sensors of hwmon are readable by everybody unless somebody took that away. */
export function readableByAll(path: string): Remedy {
  return {
    kind: 'command',
    argv: ['chmod', 'a+r', path],
    asRoot: true,
    note: 'Lasts until the next start; then "Check again".',
  }
}
