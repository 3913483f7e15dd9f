import { describe, expect, test } from 'vitest'
import { DomainId, type DomainKind, SourceId } from '../../../contract/ids.ts'
import type { Provenance } from '../../../contract/units.ts'
import { type Calibrator, createCalibrator } from '../../../engine/calibration/calibrator.ts'
import { CalibrationState } from '../../../engine/calibration/kept-fit.ts'
import { chooseReference, type Placed } from '../../../engine/calibration/reference.ts'
import type { MachineFacts } from '../../../engine/host/host.ts'
import { BARE_FACTS } from '../../support/memory-host.ts'

const T0 = Date.UTC(2026, 10, 3, 14, 12) / 1_000
const DAY_S = 86_400

function placed(id: string, kind: DomainKind, provenance: Provenance = 'sensor', source = 'a-source'): Placed {
  const domain = {
    ...{ id: DomainId.parse(id), kind, parent: null, source: SourceId.parse(source), provenance, name: id },
    ...{ gainRatio: 0.025, plausibleMaxW: 1_000, activity: 'none' as const, tableFloorW: null },
  }
  return { domain, scope: kind === 'battery' || kind === 'wall' || kind === 'board' ? 'whole' : 'inner' }
}

const BATTERY = placed('battery/main', 'battery')
const CARD = placed('gpu/0000:01:00.0', 'gpu', 'counter')
const PACKAGE = placed('cpu/0', 'cpu', 'counter')
const ESTIMATED = placed('cpu/estimate', 'cpu', 'estimate', 'estimate')
const MEMORY = placed('dram/estimate', 'dram', 'estimate', 'estimate')

function calibratorOf(kept: unknown = null, facts: Partial<MachineFacts> = {}): Calibrator {
  return createCalibrator({ facts: { ...BARE_FACTS, cpuModel: 'A processor', ...facts }, timeZone: 'UTC', kept })
}

/** A machine whose meter is read every second; four CPUs. */
function machine(calibrator: Calibrator) {
  let atMs = 1_000_000
  let busyMs = 0
  return {
    work(seconds: number, load: number, powers: Readonly<Record<string, number>>) {
      for (let s = 0; s < seconds; s++) {
        busyMs += load * 4_000
        const fromMs = atMs
        atMs += 1_000
        calibrator.takeLoad({ atMs, busyMs, logicalCpus: 4 })
        for (const [id, powerW] of Object.entries(powers)) {
          const of = { domain: DomainId.parse(id), provenance: 'sensor', varMj2: 0 } as const
          calibrator.takeEnergy({ ...of, fromMs, toMs: atMs, energyMj: powerW * 1_000 })
        }
      }
    },
    /** Two minutes at each load; the battery tells `idleW + slopeW × load` and what the card draws. */
    ladder(idleW: number, slopeW: number, cardW: number | null = null) {
      for (const load of [0.02, 0.25, 0.5, 0.75, 1]) {
        const own = idleW + slopeW * load
        this.work(120, load, {
          'battery/main': own + (cardW ?? 0),
          ...(cardW === null ? {} : { [CARD.domain.id]: cardW }),
        })
      }
    },
  }
}

describe('what an estimate is fitted to', () => {
  const keyOf = (...all: Placed[]) => chooseReference(all, false)?.key ?? null

  test('is the processor’s own counter where it is read, whatever else there is', () => {
    expect(keyOf(PACKAGE, CARD, BATTERY)).toBe('processor cpu/0 - ')
  })

  test('is a meter of the whole machine less what is measured by part', () => {
    expect(keyOf(ESTIMATED, MEMORY, CARD, BATTERY)).toBe('rest battery/main - gpu/0000:01:00.0')
    expect(keyOf(ESTIMATED, placed('wall/desk', 'wall'))).toBe('rest wall/desk - ')
  })

  test('is no plug where there is a battery that it charges, none of two plugs, and no estimate', () => {
    expect(keyOf(ESTIMATED, placed('wall/desk', 'wall'), BATTERY)).toBe('rest battery/main - ')
    expect(keyOf(ESTIMATED, placed('wall/desk', 'wall'), placed('wall/lamp', 'wall'))).toBeNull()
    expect(keyOf(ESTIMATED, placed('wall/ups', 'wall', 'estimate'))).toBeNull()
    expect(keyOf(ESTIMATED, CARD)).toBeNull()
  })

  test('is nothing beyond its own processor on a virtual machine', () => {
    expect(chooseReference([ESTIMATED, BATTERY], true)).toBeNull()
    expect(chooseReference([PACKAGE], true)?.scope).toBe('processor')
  })
})

describe('a fit to the whole machine', () => {
  test('stands for all that is not measured, memory included, and names itself', () => {
    const calibrator = calibratorOf()
    calibrator.setDomains([ESTIMATED, MEMORY, CARD, BATTERY])
    machine(calibrator).ladder(12, 40, 25)
    expect(calibrator.curve()).toBeNull()
    expect(calibrator.consider(T0)?.restated).toBeNull()
    const curve = calibrator.curve()
    expect(curve).toMatchObject({ domain: 'cpu/fit-20261103-1412', exponent: 1, holdsMemory: true })
    expect(curve?.idleW).toBeCloseTo(12, 3)
    expect(curve?.slopeW).toBeCloseTo(40, 3)
    expect(curve?.name).toMatch(/^Processor and all else unmeasured \(fitted to your battery on 3 Nov 2026, ± \d+.%\)$/)
  })

  test('does not count beside a domain that was not told of when it was made: that domain lies in it already', () => {
    const calibrator = calibratorOf()
    calibrator.setDomains([ESTIMATED, MEMORY, BATTERY])
    machine(calibrator).ladder(12, 40)
    calibrator.consider(T0)
    expect(calibrator.curve()).not.toBeNull()
    calibrator.setDomains([ESTIMATED, MEMORY, CARD, BATTERY])
    expect(calibrator.curve()).toBeNull()
    calibrator.setDomains([ESTIMATED, BATTERY])
    expect(calibrator.curve()).not.toBeNull()
  })

  test('never counts beside a processor that is measured', () => {
    const calibrator = calibratorOf()
    calibrator.setDomains([ESTIMATED, BATTERY])
    machine(calibrator).ladder(12, 40)
    calibrator.consider(T0)
    calibrator.setDomains([PACKAGE, BATTERY])
    expect(calibrator.curve()).toBeNull()
  })
})

describe('over time', () => {
  test('a fit is kept over a restart, and belongs to this processor alone', () => {
    const first = calibratorOf()
    first.setDomains([ESTIMATED, BATTERY])
    machine(first).ladder(12, 40)
    first.consider(T0)
    const kept: unknown = JSON.parse(JSON.stringify(first.state()))
    expect(CalibrationState.parse(kept)).toEqual(kept)
    expect(calibratorOf(kept).curve()).toEqual(first.curve())
    expect(calibratorOf(kept, { cpuModel: 'Another' }).curve()).toBeNull()
    for (const spoilt of [{}, null, 'x', { fits: [{}], pairs: [] }]) expect(calibratorOf(spoilt).curve()).toBeNull()
  })

  test('a fit that holds is not replaced by another like it', () => {
    const calibrator = calibratorOf()
    calibrator.setDomains([ESTIMATED, BATTERY])
    const one = machine(calibrator)
    one.ladder(12, 40)
    calibrator.consider(T0)
    one.ladder(12.2, 40)
    expect(calibrator.consider(T0 + 2 * DAY_S)).toBeNull()
  })

  test('one that no longer holds is, a day later at the earliest, and its rows become as uncertain as it was wrong', () => {
    const calibrator = calibratorOf()
    calibrator.setDomains([ESTIMATED, BATTERY])
    const one = machine(calibrator)
    one.ladder(12, 40)
    calibrator.consider(T0)
    // What is old has faded to a thousandth after twenty weeks.
    calibrator.consider(T0 + 140 * DAY_S)
    one.ladder(24, 80)
    const adopted = calibrator.consider(T0 + 140 * DAY_S + 60)
    expect(adopted?.fit.curve.slopeW).toBeGreaterThan(70)
    expect(adopted?.restated?.domain).toBe('cpu/fit-20261103-1412')
    expect(adopted?.restated?.gainRatio).toBeGreaterThan(0.5)
    expect(calibrator.fits).toHaveLength(1)
  })

  test('forgetting drops fits and pairs', () => {
    const calibrator = calibratorOf()
    calibrator.setDomains([ESTIMATED, BATTERY])
    machine(calibrator).ladder(12, 40)
    calibrator.consider(T0)
    calibrator.forget()
    expect(calibrator.curve()).toBeNull()
    expect(calibrator.consider(T0 + 60)).toBeNull()
    expect(calibrator.reference()?.of.key).toBe('rest battery/main - ')
  })
})

describe('by hand', () => {
  test('half a minute at each of five loads is enough, and only what came since it began counts', () => {
    const calibrator = calibratorOf()
    calibrator.setDomains([ESTIMATED, BATTERY])
    const one = machine(calibrator)
    one.ladder(50, 5)
    expect(calibrator.begin(T0, 180).ok).toBe(true)
    for (const load of [0, 0.25, 0.5, 0.75, 1]) one.work(36, load, { 'battery/main': 10 + 30 * load })
    const ended = calibrator.end(T0 + 180)
    expect(ended.ok && ended.value.fit.curve.idleW).toBeCloseTo(10, 3)
    expect(calibrator.curve()?.slopeW).toBeCloseTo(30, 3)
  })

  test('one that was refused, abandoned or never begun changes nothing', () => {
    const calibrator = calibratorOf()
    expect(calibrator.begin(T0, 180)).toMatchObject({ code: 'noReference' })
    calibrator.setDomains([ESTIMATED, BATTERY])
    expect(calibrator.end(T0)).toMatchObject({ code: 'notBegun' })
    calibrator.begin(T0, 180)
    machine(calibrator).work(100, 0.5, { 'battery/main': 30 })
    expect(calibrator.end(T0 + 100)).toMatchObject({ code: 'tooFewLevels' })
    calibrator.begin(T0 + 200, 180)
    calibrator.abandon()
    expect(calibrator.end(T0 + 300)).toMatchObject({ code: 'notBegun' })
    calibrator.begin(T0 + 400, 180)
    calibrator.consider(T0 + 400 + 180 + 121)
    expect(calibrator.end(T0 + 800)).toMatchObject({ code: 'notBegun' })
    expect(calibrator.curve()).toBeNull()
  })

  test('says whether the meter told something just now', () => {
    const calibrator = calibratorOf()
    calibrator.setDomains([ESTIMATED, BATTERY])
    const one = machine(calibrator)
    one.work(10, 0.1, {})
    expect(calibrator.reference()?.isTelling).toBe(false)
    one.work(2, 0.1, { 'battery/main': 10 })
    expect(calibrator.reference()?.isTelling).toBe(true)
    one.work(60, 0.1, {})
    expect(calibrator.reference()?.isTelling).toBe(false)
  })
})
