import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AppId } from '../../../contract/ids.ts'
import {
  appsUncertaintyMj,
  type DomainSum,
  machineUncertaintyMj,
  OTHER_SHARE_RATIO,
  ratioUncertainty,
} from '../../../engine/attribution/uncertainty.ts'
import { fcOptions, runs } from '../../support/counts.ts'

const A = 'a' as AppId
const B = 'b' as AppId

function domain(part: Partial<DomainSum> = {}): DomainSum {
  return {
    gainKey: 'cpu/0',
    gainRatio: 0,
    floorMj: 0,
    floorRatio: 0,
    otherMj: 0,
    varMj2: 0,
    apps: [
      { app: A, activeMj: 6_000, idleMj: 0, floorShareMj: 0.6 * (part.floorMj ?? 0), shareRatio: 0, varMj2: 0 },
      { app: B, activeMj: 4_000, idleMj: 0, floorShareMj: 0.4 * (part.floorMj ?? 0), shareRatio: 0, varMj2: 0 },
    ],
    ...part,
  }
}

test('a gain is one error of all leaves of a root: it adds linearly, not in squares', () => {
  const two = [domain({ gainRatio: 0.1 }), domain({ gainRatio: 0.1 })]
  expect(machineUncertaintyMj(two)).toBeCloseTo(2_000, 9)
  expect(machineUncertaintyMj([domain({ gainRatio: 0.1 }), domain({ gainRatio: 0.1, gainKey: 'dram/0' })])).toBeCloseTo(
    Math.SQRT2 * 1_000,
    9,
  )
})

test('the share of all apps together is certain where nothing else was active', () => {
  const shares = domain({ apps: domain().apps.map((app) => ({ ...app, shareRatio: 0.15 })) })
  expect(appsUncertaintyMj([shares], () => true)).toBe(0)
  // 10 000² · (0.4² · 0.6² · 0.15² + 0.6² · 0.4² · 0.15²)
  expect(appsUncertaintyMj([shares], (app) => app === A)).toBeCloseTo(Math.sqrt(2) * 0.24 * 0.15 * 10_000, 9)
})

test('the floor is uncertain against the active, not in the sum', () => {
  const floor = domain({ floorMj: 5_000, floorRatio: 0.4 })
  expect(machineUncertaintyMj([floor])).toBe(0)
  expect(appsUncertaintyMj([floor], (app) => app === A)).toBeCloseTo(0.4 * 5_000 * 0.6, 9)
})

test('an app answers for the floor of the time in which it ran, not of the whole stretch', () => {
  const day = { floorMj: 100_000, floorRatio: 0.4 }
  const brief = domain({
    ...day,
    apps: [{ app: A, activeMj: 6_000, idleMj: 0, floorShareMj: 500, shareRatio: 0, varMj2: 0 }],
  })
  expect(appsUncertaintyMj([brief], (app) => app === A)).toBeCloseTo(0.4 * 500, 9)
})

test('the ratio of two apps of one domain carries neither gain nor floor', () => {
  expect(ratioUncertainty([domain({ gainRatio: 0.5, floorMj: 9_000, floorRatio: 0.4 })], A, B)).toBeCloseTo(0, 12)
})

test('a ratio with an app that drew nothing has no uncertainty to state', () => {
  expect(ratioUncertainty([domain()], A, 'c' as AppId)).toBeNull()
})

/** A machine whose gain, shares, floor and noise are drawn from the stated distributions; what is booked is what Perwatt would see. */
function drawMachine(normal: () => number) {
  const gainRatio = 0.03
  const floorRatio = 0.1
  const shareRatio = 0.08
  const trueFloorMj = 2_000
  const amounts = [1, 0.7, 0.4, 1.2]
  const gain = 1 + gainRatio * normal()
  const weights = amounts.map((amount, i) => amount * (1 + (i === 3 ? OTHER_SHARE_RATIO : shareRatio) * normal()))
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  const trueActiveMj = 30_000
  const trueMj = weights.map((weight) => (trueActiveMj * weight) / all)
  const noiseMj = 100
  const measuredMj = (trueFloorMj + trueActiveMj) * (1 + (gain - 1)) + noiseMj * normal()
  const bookedFloorMj = trueFloorMj * (1 + floorRatio * normal()) * gain
  const activeMj = measuredMj - bookedFloorMj
  const amountSum = amounts.reduce((sum, amount) => sum + amount, 0)
  const booked = amounts.map((amount) => (activeMj * amount) / amountSum)
  const sum: DomainSum = {
    gainKey: 'cpu/0',
    gainRatio,
    floorMj: bookedFloorMj,
    floorRatio,
    otherMj: booked[3] as number,
    varMj2: noiseMj ** 2,
    apps: ['a', 'b', 'c'].map((id, i) => ({
      app: id as AppId,
      activeMj: booked[i] as number,
      idleMj: 0,
      floorShareMj: (bookedFloorMj * (amounts[i] as number)) / amountSum,
      shareRatio,
      varMj2: (noiseMj * ((amounts[i] as number) / amountSum)) ** 2,
    })),
  }
  return { sum, measuredMj, trueMachineMj: trueFloorMj + trueActiveMj, booked, trueMj }
}

test('over random machines the stated 95 % interval holds the truth 93–97 % of the time: machine, app, ratio of two apps', () => {
  const machines = runs('calibration', 4_000, 100_000)
  const held = { machine: 0, app: 0, ratio: 0 }
  const seed = fcOptions('attribution', 1, 1).seed ?? 1
  const random = mulberry32(seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  for (let i = 0; i < machines; i++) {
    const { sum, measuredMj, trueMachineMj, booked, trueMj } = drawMachine(normal)
    if (Math.abs(measuredMj - trueMachineMj) <= 1.96 * machineUncertaintyMj([sum])) held.machine++
    const [a, b] = booked as [number, number]
    const [trueA, trueB] = trueMj as [number, number]
    if (Math.abs(a - trueA) <= 1.96 * appsUncertaintyMj([sum], (app) => app === A)) held.app++
    const ratio = ratioUncertainty([sum], A, B) as number
    if (Math.abs(Math.log(a / b) - Math.log(trueA / trueB)) <= 1.96 * ratio) held.ratio++
  }
  for (const [what, count] of Object.entries(held)) {
    expect(count / machines, what).toBeGreaterThan(0.93)
    expect(count / machines, what).toBeLessThan(0.97)
  }
})

function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

test('no uncertainty is negative, infinite or not a number, whatever the energies', () => {
  const energy = fc.nat(2 ** 40)
  fc.assert(
    fc.property(energy, energy, energy, energy, (a, b, other, floor) => {
      const sum = domain({
        gainRatio: 0.2,
        floorRatio: 0.4,
        floorMj: floor,
        otherMj: other,
        apps: [
          { app: A, activeMj: a, idleMj: 0, floorShareMj: floor / 2, shareRatio: 0.15, varMj2: 1 },
          { app: B, activeMj: b, idleMj: 0, floorShareMj: floor / 3, shareRatio: 0.15, varMj2: 1 },
        ],
      })
      for (const value of [
        machineUncertaintyMj([sum]),
        appsUncertaintyMj([sum], (app) => app === A),
        ratioUncertainty([sum], A, B) ?? 0,
      ]) {
        expect(Number.isFinite(value) && value >= 0).toBe(true)
      }
    }),
    fcOptions('attribution', 200, 5_000),
  )
})
