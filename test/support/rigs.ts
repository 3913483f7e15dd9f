import { parseRig } from '../../engine/host/rig/parse.ts'
import { type RigHost, rigHost } from '../../engine/host/rig/rig-host.ts'
import type { Rig } from '../../engine/host/rig/schema.ts'

/** A rig from the fields that matter to a test; the rest is a small machine of two CPUs. */
export function rigWith(fields: Record<string, unknown>): Rig {
  const whole = {
    title: 'A test',
    about: 'Made for one test.',
    start: '2026-11-16T08:00:00Z',
    duration: '1h',
    cpu: { logicalCpus: 2 },
    ...fields,
  }
  const rig = parseRig(JSON.stringify(whole), 'test.json')
  if (!rig.ok) throw new Error(rig.reason)
  return rig.value
}

export function hostWith(fields: Record<string, unknown>): RigHost {
  return rigHost(rigWith(fields))
}

export function textOf(host: RigHost, path: string): string {
  const text = host.files.text(path)
  if (!text.ok) throw new Error(text.reason)
  return text.value
}

/** Own and children's CPU ticks of /proc/PID/stat. */
export function ticksOf(host: RigHost, pid: number): { own: number; children: number } {
  const stat = textOf(host, `/proc/${pid}/stat`)
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15)
  return { own: utime + stime, children: cutime + cstime }
}
