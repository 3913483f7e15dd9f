import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AppId, DomainId } from '../../../contract/ids.ts'
import { attributeDevice, type DeviceTerms } from '../../../engine/attribution/attribute-device.ts'
import { createDeviceRing, type DeviceActivity } from '../../../engine/attribution/device-activity.ts'
import type { DomainEnergy } from '../../../engine/attribution/types.ts'
import { fcOptions } from '../../support/counts.ts'

const GPU = 'gpu/0000:01:00.0' as DomainId
const OWN: DeviceTerms = { floorW: 20, isFloorOwn: true, residentW: 10 }

function energyOf(energyMj: number, lengthMs = 1_000): DomainEnergy {
  return { domain: GPU, fromMs: 0, toMs: lengthMs, energyMj, provenance: 'counter', varMj2: 4 }
}

function activityOf(busyMs: number, apps: Record<string, [busyMs: number, residentBytes: number]>): DeviceActivity {
  const rows = Object.entries(apps).map(([app, [ms, bytes]]) => ({
    app: app as AppId,
    busyMs: ms,
    residentByteMs: bytes * 1_000,
  }))
  const appsMs = rows.reduce((sum, row) => sum + row.busyMs, 0)
  return { coveredMs: 1_000, busyMs, otherMs: Math.max(0, busyMs - appsMs), by: 'time', apps: rows }
}

const sharesOf = ({ shares }: ReturnType<typeof attributeDevice>) =>
  Object.fromEntries(shares.map(({ app, activeMj, idleMj }) => [app, [activeMj, idleMj]]))

describe('a device’s energy', () => {
  test('above the floor goes to resident apps by memory, as idle, while nothing works', () => {
    const got = attributeDevice(energyOf(50_000), OWN, activityOf(0, { ollama: [0, 2e9], comfyui: [0, 1e9] }))
    expect(got.idleMj).toBe(20_000)
    expect(sharesOf(got)).toEqual({ ollama: [0, 20_000], comfyui: [0, 10_000] })
    expect(got.otherMj).toBe(0)
  })

  test('that is partly busy keeps residency for the quiet part of the time, and shares the rest by time at work', () => {
    const got = attributeDevice(energyOf(100_000), OWN, activityOf(500, { ollama: [500, 2e9], comfyui: [0, 2e9] }))
    // 80 J above the floor; 10 W × half a second are residency, halved by memory.
    expect(sharesOf(got)).toEqual({ ollama: [75_000, 2_500], comfyui: [0, 2_500] })
  })

  test('of work by processes that are no app is other', () => {
    const got = attributeDevice(energyOf(100_000), OWN, activityOf(1_000, { ollama: [250, 0] }))
    expect(sharesOf(got)).toEqual({ ollama: [20_000, 0] })
    expect(got.otherMj).toBe(60_000)
  })

  test('above a table’s floor is nobody’s while models lie quiet: residency is never taken from a table', () => {
    const table = { floorW: 20, isFloorOwn: false, residentW: null }
    const quiet = attributeDevice(energyOf(50_000), table, activityOf(0, { ollama: [0, 2e9] }))
    expect([quiet.idleMj, quiet.otherMj, quiet.shares]).toEqual([20_000, 30_000, []])
    const busy = attributeDevice(energyOf(50_000), table, activityOf(1_000, { ollama: [1_000, 2e9] }))
    expect(sharesOf(busy)).toEqual({ ollama: [30_000, 0] })
  })

  test('without any activity is the floor’s and other’s', () => {
    const got = attributeDevice(energyOf(50_000), OWN, activityOf(0, {}))
    expect([got.idleMj, got.otherMj, got.shares]).toEqual([20_000, 30_000, []])
  })
})

const ms = fc.double({ min: 0, max: 60_000, noNaN: true })
const activities = fc.record({
  coveredMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
  busyMs: ms,
  otherMs: ms,
  by: fc.constantFrom('time' as const, 'memory' as const),
  apps: fc.uniqueArray(
    fc.record({
      app: fc.string({ minLength: 1, maxLength: 6 }).map((id) => id as AppId),
      busyMs: ms,
      residentByteMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e15, noNaN: true })),
    }),
    { selector: ({ app }) => app, maxLength: 12 },
  ),
})
const terms = fc.record({
  floorW: fc.double({ min: 0, max: 500, noNaN: true }),
  isFloorOwn: fc.boolean(),
  residentW: fc.option(fc.double({ min: 0, max: 500, noNaN: true })),
})

test('for any device the parts are integers of at least 0 that sum to the measured energy, in whatever order the apps come', () => {
  fc.assert(
    fc.property(fc.nat(20_000_000), fc.integer({ min: 1, max: 60_000 }), terms, activities, (mj, lengthMs, of, act) => {
      const got = attributeDevice(energyOf(mj, lengthMs), of, act)
      const parts = got.shares.flatMap(({ activeMj, idleMj, floorShareMj }) => [activeMj, idleMj, floorShareMj])
      for (const part of [got.idleMj, got.otherMj, ...parts]) expect(Number.isSafeInteger(part) && part >= 0).toBe(true)
      const sharesMj = got.shares.reduce((sum, { activeMj, idleMj }) => sum + activeMj + idleMj, 0)
      expect(got.idleMj + got.otherMj + sharesMj).toBe(mj)
      const floorSharesMj = got.shares.reduce((sum, { floorShareMj }) => sum + floorShareMj, 0)
      expect(floorSharesMj).toBeLessThanOrEqual(got.idleMj + got.shares.length)
      const turned = attributeDevice(energyOf(mj, lengthMs), of, { ...act, apps: act.apps.toReversed() })
      expect(sharesOf(turned)).toEqual(sharesOf(got))
    }),
    fcOptions('attribution', 300, 30_000),
  )
})

test('a reading is divided over exactly the time that it covers, pro rata where a sample crosses its ends', () => {
  const ring = createDeviceRing()
  for (const second of [0, 1, 2]) {
    const at = { device: 'a', fromMs: second * 1_000, toMs: (second + 1) * 1_000 }
    const apps = [{ app: 'ollama' as AppId, busyMs: second * 100, residentBytes: 10 }]
    ring.push({ ...at, busyMs: second * 200, otherMs: second * 100, by: 'time', apps })
  }
  expect(ring.between('a', 500, 2_000)).toEqual({
    coveredMs: 1_500,
    busyMs: 200,
    otherMs: 100,
    by: 'time',
    apps: [{ app: 'ollama', busyMs: 100, residentByteMs: 15_000 }],
  })
  expect(ring.between('b', 0, 3_000).coveredMs).toBe(0)
  ring.clear()
  expect(ring.between('a', 0, 3_000).coveredMs).toBe(0)
})
