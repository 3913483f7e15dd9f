import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Calibration, CalibrationFit } from '../../contract/calibration.ts'
import type { RigHost } from '../../engine/host/rig/rig-host.ts'
import { type Engine, startEngine } from '../../engine/index.ts'
import { hostWith } from '../support/rigs.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'perwatt-test-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

/** A laptop of eight CPUs that nobody may count, three minutes plugged in, then on its battery; a build climbs the ladder from minute five on. */
const LAPTOP = {
  duration: '1h',
  cpu: { model: 'Intel(R) Core(TM) i7-1280P', logicalCpus: 8 },
  chassis: 'laptop',
  domains: [{ zone: 'package-0', floorW: 3, wattsPerCore: 5, access: 'denied' }],
  battery: { floorW: 5, fullWh: 60, startsAtPercent: 90, plugged: [{ every: '1w', from: '0s', to: '3m' }] },
  processes: [
    {
      name: 'build',
      exe: '/usr/bin/make',
      load: {
        steps: [
          ['0s', 0],
          ['336s', 2],
          ['372s', 4],
          ['408s', 6],
          ['444s', 8],
          ['480s', 0],
        ],
      },
    },
  ],
}

async function start(host: RigHost, history = true): Promise<Engine> {
  const options = { version: 'test', dataDir, timeZone: 'UTC', mode: 'simulated', history } as const
  const engine = await startEngine(host, options)
  if (!engine.ok) throw new Error(engine.reason)
  return engine.value
}

function playTo(host: RigHost, engine: Engine, untilS: number): void {
  while (host.elapsedMs() < untilS * 1_000) {
    host.clock.advance(1_000)
    engine.tick()
  }
}

async function view(engine: Engine): Promise<Calibration> {
  const answer = await engine.handlers.calibration({})
  if (!answer.ok) throw new Error(answer.reason)
  return Calibration.parse(answer.value)
}

async function estimated(engine: Engine): Promise<string[]> {
  const answer = await engine.handlers.sources({})
  return answer.ok ? (answer.value.sources.find(({ id }) => id === 'estimate')?.domains.map(({ id }) => id) ?? []) : []
}

test('a ladder on the battery is fitted, kept and used at once; forgotten, the table is back', async () => {
  const host = hostWith(LAPTOP)
  const engine = await start(host)
  playTo(host, engine, 60)
  const plugged = await view(engine)
  expect(plugged.reference?.isTelling).toBe(false)
  expect(plugged.reason).toContain('On mains power')
  expect(plugged.remedy).toMatchObject({ path: 'Wall meters', note: expect.stringContaining('unplug the charger') })
  expect(await engine.handlers.beginCalibration({ forS: 180 })).toMatchObject({ ok: false, code: 'noReference' })
  expect(await engine.handlers.endCalibration({})).toMatchObject({ ok: false, code: 'notBegun' })

  playTo(host, engine, 300)
  expect(await view(engine)).toMatchObject({ reference: { domain: 'battery/main', isTelling: true }, reason: null })
  expect(await engine.handlers.beginCalibration({ forS: 180 })).toEqual({ ok: true, value: {} })
  playTo(host, engine, 480)
  const made = await engine.handlers.endCalibration({})
  if (!made.ok) throw new Error(made.reason)
  const fit = CalibrationFit.parse(made.value)
  expect(fit).toMatchObject({ scope: 'rest', fittedTo: 'your battery', levels: 5, counts: true })
  expect(fit.idleW).toBeCloseTo(8, 0)
  expect(fit.fullW).toBeCloseTo(48, 0)
  expect(fit.uncertainty).toBeLessThan(0.07)
  expect(await estimated(engine)).toEqual([fit.domain])
  await engine.stop()

  const later = await start(host)
  expect(await estimated(later)).toEqual([fit.domain])
  expect(await later.handlers.forgetCalibration({})).toEqual({ ok: true, value: {} })
  expect(await estimated(later)).toEqual(['cpu/estimate', 'dram/estimate'])
  await later.stop()
  const last = await start(host)
  expect((await view(last)).fits).toEqual([])
  await last.stop()
})

test('a ladder that was abandoned, or had too few steps, changes nothing', async () => {
  const host = hostWith(LAPTOP)
  const engine = await start(host)
  playTo(host, engine, 300)
  await engine.handlers.beginCalibration({ forS: 180 })
  playTo(host, engine, 400)
  expect(await engine.handlers.endCalibration({})).toMatchObject({ ok: false, code: 'tooFewLevels' })
  await engine.handlers.beginCalibration({ forS: 180 })
  await engine.handlers.abandonCalibration({})
  expect(await engine.handlers.endCalibration({})).toMatchObject({ ok: false, code: 'notBegun' })
  expect(await estimated(engine)).toEqual(['cpu/estimate', 'dram/estimate'])
  await engine.stop()
})

test('an engine whose history another one writes goes by what is kept, and keeps nothing itself', async () => {
  const host = hostWith(LAPTOP)
  const writer = await start(host)
  playTo(host, writer, 300)
  await writer.handlers.beginCalibration({ forS: 180 })
  playTo(host, writer, 480)
  await writer.handlers.endCalibration({})
  const reader = await start(hostWith(LAPTOP), false)
  expect(await estimated(reader)).toEqual((await view(writer)).fits.map(({ domain }) => domain))
  expect(await reader.handlers.beginCalibration({ forS: 180 })).toMatchObject({ ok: false, code: 'noHistory' })
  await reader.stop()
  await writer.stop()
})

test.each([
  ['without any meter', { chassis: 'desktop' }, /wall meter does on any machine/],
  ['on a virtual machine', { cpu: { logicalCpus: 4, virtualisation: 'vm' } }, /is virtual/],
])('%s it says what would be one', async (_, fields, reason) => {
  const host = hostWith({ duration: '1h', cpu: { logicalCpus: 4 }, ...fields })
  const engine = await start(host)
  playTo(host, engine, 10)
  expect((await view(engine)).reason).toMatch(reason)
  expect(await engine.handlers.beginCalibration({ forS: 180 })).toMatchObject({ ok: false, code: 'noReference' })
  await engine.stop()
})
