import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ok } from '../../../contract/result.ts'
import { loadRigFile } from '../../../engine/host/rig/load-file.ts'
import { rigHost } from '../../../engine/host/rig/rig-host.ts'
import { figuresOf, playRun, recordRun } from './recorded-run.ts'

/** Rigs, and what is read there beside the processor. */
const RIGS = [
  ['nvidia-desktop', ['gpu/0000:01:00.0']],
  ['dual-3090', ['gpu/0000:21:00.0', 'gpu/0000:4b:00.0']],
  ['amd-radeon', ['gpu/0000:03:00.0']],
  ['arc-desktop', ['gpu/0000:04:00.0']],
  ['hybrid-laptop', ['gpu/0000:01:00.0']],
  ['ryzen-ai-apu', ['gpu/0000:c4:00.0', 'battery/main']],
  ['intel-laptop-battery', ['board/psys']],
  ['xeon-gpu-server', ['gpu/0000:17:00.0', 'gpu/0000:65:00.0', 'gpu/0000:ca:00.0']],
  ['raspberry-pi-plug', ['wall/meter-1']],
  ['zones-come-and-go', []],
  ['clock-trouble', []],
] as const
const TICKS = 400

for (const [name, domains] of RIGS) {
  test(`${name}: a recording of it has the same domains, energies and shares as the run itself, to the millijoule`, async () => {
    const rig = await loadRigFile(join(import.meta.dirname, '..', '..', 'rigs', `${name}.json`))
    if (!rig.ok) throw new Error(rig.reason)
    const host = rigHost(rig.value, { tickMs: 1_000 })
    const wallMeters = rig.value.meters.map(({ id, name: called, dialect, address }) => ({
      meter: { id, name: called, dialect, address, provenance: 'counter', options: {}, hasSecret: false } as const,
      secret: ok(null),
    }))
    const original = await recordRun(host, { ticks: TICKS, wallMeters })
    const played = await playRun(original.text)
    const keys = played.byDomain.rows.map(({ key }) => key)
    expect(keys).toEqual(expect.arrayContaining([...domains]))
    expect(JSON.stringify(figuresOf(played))).toBe(
      JSON.stringify(figuresOf(original)).replaceAll('wall/plug', 'wall/meter-1'),
    )
    for (const { name: called, address } of rig.value.meters) {
      expect(original.text).not.toContain(called)
      expect(original.text).not.toContain(address)
    }
  })
}
