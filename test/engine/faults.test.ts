import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Now } from '../../contract/now.ts'
import { type FaultyHost, faultyHost } from '../../engine/host/faulty.ts'
import type { FileFault } from '../../engine/host/host.ts'
import { startEngine } from '../../engine/index.ts'
import { runs } from '../support/counts.ts'
import { hostWith } from '../support/rigs.ts'

const MACHINE = {
  cpu: { model: 'Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz', logicalCpus: 4, physicalCores: 4 },
  domains: [
    { zone: 'package-0', floorW: 5, wattsPerCore: 8, children: [{ zone: 'core', floorW: 1, wattsPerCore: 7 }] },
  ],
  processes: [
    { name: 'ollama', exe: '/usr/bin/ollama', args: ['serve'], load: { steps: [['3s', 1.5]] } },
    { name: 'make', exe: '/usr/bin/make', start: '4s', load: 1 },
  ],
}
const TICKS = 12

/** Plays the machine with one fault and says what came of it. Throws where the engine does. */
async function play(failCall: number, forEver: boolean, fault: FileFault): Promise<FaultyHost> {
  const directory = mkdtempSync(join(tmpdir(), 'perwatt-faults-'))
  const rig = hostWith(MACHINE)
  const host = faultyHost(rig, { failCall, forEver, fault })
  try {
    const engine = await startEngine(host, { version: 'test', dataDir: directory, timeZone: 'UTC', mode: 'simulated' })
    if (!engine.ok) throw new Error(engine.reason)
    const fromS = Math.floor(rig.clock.wallMs() / 1_000)
    for (let i = 0; i < TICKS; i++) {
      rig.clock.advance(1_000)
      engine.value.tick()
    }
    const now = await engine.value.handlers.now({})
    Now.parse(now.ok && now.value)
    const history = await engine.value.handlers.history({ fromS, toS: fromS + TICKS, by: 'app' })
    if (!history.ok) throw new Error(history.reason)
    const { attributedMj, idleMj, otherMj, measuredMj } = history.value
    expect(attributedMj + idleMj + otherMj).toBe(measuredMj)
    // 5 W + 4 cores of 8 W is all that this machine can draw, however it is read.
    expect(measuredMj).toBeLessThanOrEqual(37_000 * TICKS * 3)
    await engine.value.stop()
    return host
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

test.each(['broken', 'denied', 'gone', 'absent', 'exhausted'] as const)(
  'whichever read of the machine fails (%s), once or from then on, nothing throws and every millijoule is accounted for',
  async (fault) => {
    const { calls } = await play(Number.MAX_SAFE_INTEGER, false, fault)
    expect(calls).toBeGreaterThan(100)
    const step = Math.max(1, Math.ceil(calls / runs('faults', 40, calls)))
    for (let failCall = 1; failCall <= calls; failCall += step) {
      await play(failCall, false, fault)
      await play(failCall, true, fault)
    }
  },
)
