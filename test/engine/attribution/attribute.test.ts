import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AppId, DomainId } from '../../../contract/ids.ts'
import { attribute, attributeRemainder } from '../../../engine/attribution/attribute.ts'
import { createRemainder, remainderId } from '../../../engine/attribution/remainder.ts'
import type { Attribution, DomainActivity, DomainEnergy } from '../../../engine/attribution/types.ts'
import { fcOptions } from '../../support/counts.ts'

const CPU = 'cpu/0' as DomainId
const CORE = 'cpu/0/core' as DomainId

function energyOf(energyMj: number, domain: DomainId = CPU, fromMs = 0, toMs = 1_000): DomainEnergy {
  return { domain, fromMs, toMs, energyMj, provenance: 'counter', varMj2: 0 }
}

function app(id: string, amount: number, spinning = false): DomainActivity {
  return { app: id as AppId, amount, spinning }
}

function sharesOf(attribution: Attribution): Record<string, [activeMj: number, idleMj: number]> {
  return Object.fromEntries(attribution.shares.map((share) => [share.app, [share.activeMj, share.idleMj]]))
}

function total(attribution: Attribution): number {
  return attribution.shares.reduce(
    (sum, share) => sum + share.activeMj + share.idleMj,
    attribution.idleMj + attribution.otherMj,
  )
}

describe('attribute', () => {
  test('gives the floor to the machine and the rest out by activity, the unknown part to other', () => {
    const got = attribute(energyOf(20_000), 8, { totalAmount: 1_000, apps: [app('ollama', 600), app('aider', 150)] })
    expect(got.idleMj).toBe(8_000)
    expect(sharesOf(got)).toEqual({ ollama: [7_200, 0], aider: [1_800, 0] })
    expect(got.otherMj).toBe(3_000)
  })

  test('charges each app with its share of the floor, which is no part of its energy', () => {
    const got = attribute(energyOf(20_000), 8, { totalAmount: 1_000, apps: [app('ollama', 600), app('aider', 150)] })
    expect(got.shares.map(({ app, floorShareMj }) => [app, floorShareMj])).toEqual([
      ['aider', 1_200],
      ['ollama', 4_800],
    ])
  })

  test('gives an interval below the floor to the machine alone', () => {
    const got = attribute(energyOf(5_000), 8, { totalAmount: 1_000, apps: [app('ollama', 1_000)] })
    expect([got.idleMj, got.otherMj, got.shares]).toEqual([5_000, 0, []])
  })

  test('gives what is above the floor to other where nobody did anything', () => {
    const got = attribute(energyOf(9_000), 8, { totalAmount: 0, apps: [] })
    expect([got.idleMj, got.otherMj]).toEqual([8_000, 1_000])
  })

  test('counts the work of an app with nothing in flight as idle energy', () => {
    const got = attribute(energyOf(10_000), 0, { totalAmount: 100, apps: [app('server', 100, true)] })
    expect(sharesOf(got)).toEqual({ server: [0, 10_000] })
  })

  test('takes process times that exceed the machine by a step of the clock as all there is', () => {
    const got = attribute(energyOf(1_000), 0, { totalAmount: 100, apps: [app('a', 60), app('b', 50)] })
    expect(got.otherMj).toBe(0)
    expect(sharesOf(got)).toEqual({ a: [545, 0], b: [455, 0] })
  })
})

const machines = fc.record({
  energyMj: fc.nat(5_000_000),
  floorW: fc.double({ min: 0, max: 400, noNaN: true }),
  lengthMs: fc.integer({ min: 1, max: 60_000 }),
  otherAmount: fc.double({ min: 0, max: 1e5, noNaN: true }),
  apps: fc.uniqueArray(
    fc.tuple(fc.string({ minLength: 1, maxLength: 6 }), fc.double({ min: 0, max: 1e5, noNaN: true }), fc.boolean()),
    {
      selector: ([id]) => id,
      maxLength: 30,
    },
  ),
})

test('for any machine the parts are integers of at least 0 that sum to the measured energy, in whatever order the apps come', () => {
  fc.assert(
    fc.property(machines, fc.integer(), ({ energyMj, floorW, lengthMs, otherAmount, apps }, rotation) => {
      const activities = apps.map(([id, amount, spinning]) => app(id, amount, spinning))
      const totalAmount = otherAmount + activities.reduce((sum, one) => sum + one.amount, 0)
      const energy = energyOf(energyMj, CPU, 0, lengthMs)
      const got = attribute(energy, floorW, { totalAmount, apps: activities })
      expect(total(got)).toBe(energyMj)
      for (const part of [got.idleMj, got.otherMj, ...got.shares.flatMap((share) => [share.activeMj, share.idleMj])]) {
        expect(Number.isSafeInteger(part) && part >= 0).toBe(true)
      }
      const at = activities.length === 0 ? 0 : Math.abs(rotation) % activities.length
      const turned = [...activities.slice(at), ...activities.slice(0, at)]
      const again = attribute(energy, floorW, { totalAmount, apps: turned })
      expect(sharesOf(again)).toEqual(sharesOf(got))
      expect(again.otherMj).toBe(got.otherMj)
    }),
    fcOptions('attribution', 300, 30_000),
  )
})

describe('the remainder of a parent', () => {
  const core = attribute(energyOf(6_000, CORE), 1, { totalAmount: 100, apps: [app('ollama', 60)] })

  test('goes out above its own floor in proportion to the active energy of the children', () => {
    const got = attributeRemainder(energyOf(4_000, remainderId(CPU)), 3, [core])
    expect(got.idleMj).toBe(3_000)
    expect(sharesOf(got)).toEqual({ ollama: [600, 0] })
    expect(got.otherMj).toBe(400)
  })

  test('goes to other where the children gave nobody any', () => {
    const quiet = attribute(energyOf(1_000, CORE), 1, { totalAmount: 0, apps: [] })
    const got = attributeRemainder(energyOf(4_000, remainderId(CPU)), 3, [quiet])
    expect([got.idleMj, got.otherMj, got.shares]).toEqual([3_000, 1_000, []])
  })

  test('that is negative is carried on, so that over time the leaves sum to the parent', () => {
    const account = createRemainder(CPU, [CORE])
    const rests: [number, number][] = []
    const parents = [5_000, 9_000, 8_000]
    const children = [6_000, 6_000, 6_000]
    for (const [i, parentMj] of parents.entries()) {
      account.takeParent(energyOf(parentMj, CPU, i * 1_000, (i + 1) * 1_000))
      account.takeChild({ ...core, energyMj: children[i] as number, fromMs: i * 1_000, toMs: (i + 1) * 1_000 })
      const settled = account.settle(() => 0)
      rests.push([settled?.attribution.energyMj ?? -1, settled?.excessMj ?? -1])
    }
    expect(rests).toEqual([
      [0, 1_000],
      [2_000, 0],
      [2_000, 0],
    ])
  })

  test('waits for a child that is read more rarely, and then covers all of its interval', () => {
    const account = createRemainder(CPU, [CORE])
    account.takeChild({ ...core, energyMj: 0, fromMs: -1_000, toMs: 0 })
    for (let i = 0; i < 4; i++) {
      account.takeParent(energyOf(5_000, CPU, i * 1_000, (i + 1) * 1_000))
      if (i < 3) expect(account.settle(() => 0)).toBeNull()
    }
    account.takeChild({ ...core, energyMj: 12_000, fromMs: 0, toMs: 4_000 })
    expect(account.settle(() => 0)?.attribution).toMatchObject({
      domain: 'cpu/0/rest',
      fromMs: 0,
      toMs: 4_000,
      energyMj: 8_000,
    })
  })

  test('for any sequence of parents and children, leaves plus what is owed sum to the parent', () => {
    const steps = fc.array(fc.tuple(fc.nat(100_000), fc.nat(100_000)), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(steps, (sequence) => {
        const account = createRemainder(CPU, [CORE])
        let leavesMj = 0
        let parentMj = 0
        let owedMj = 0
        for (const [i, [parent, child]] of sequence.entries()) {
          account.takeParent(energyOf(parent, CPU, i, i + 1))
          account.takeChild({ ...core, energyMj: child, fromMs: i, toMs: i + 1 })
          const settled = account.settle(() => 0)
          leavesMj += child + (settled?.attribution.energyMj ?? 0)
          parentMj += parent
          owedMj = settled?.excessMj ?? owedMj
        }
        expect(leavesMj - owedMj).toBe(parentMj)
      }),
      fcOptions('attribution', 200, 20_000),
    )
  })
})
