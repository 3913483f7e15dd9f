import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fcOptions } from '../../support/counts.ts'
import { cpuMsOf, ProcMachine } from './machine.ts'

function claudeMachine() {
  const machine = new ProcMachine()
  machine.start(50, { exe: 'claude', agoMs: 60_000, childTicks: 4_000 })
  const sampler = machine.sampler()
  sampler.sample()
  const tick = () => {
    machine.host.clock.advance(1_000)
    return cpuMsOf(sampler.sample())
  }
  return { machine, sampler, tick }
}

describe('children that live too short a time to be seen', () => {
  test('count for their app by the parent’s children times', () => {
    const { machine, tick } = claudeMachine()
    machine.shortChild(50, 120)
    machine.shortChild(50, 80)
    expect(tick()).toEqual({ claude: 200 })
    expect(tick()).toEqual({ claude: 0 })
  })

  test('count at most what is unexplained; what exceeds it is dropped and counted', () => {
    const { machine, sampler, tick } = claudeMachine()
    machine.of(50).childTicks += 300
    machine.background(500)
    machine.run(50, 100)
    expect(tick()).toEqual({ claude: 600 })
    expect(sampler.findings()).toEqual([{ code: 'childrenOverBusy', count: 1 }])
    expect(tick()).toEqual({ claude: 0 })
  })

  test('of several apps are cut alike where there is not enough', () => {
    const { machine, tick } = claudeMachine()
    machine.start(70, { exe: 'ollama' })
    tick()
    machine.of(50).childTicks += 30
    machine.of(70).childTicks += 60
    machine.background(300)
    expect(tick()).toEqual({ claude: 100, ollama: 200 })
  })

  test('a hair more than is unexplained are rounding, not a finding', () => {
    const { machine, sampler, tick } = claudeMachine()
    machine.of(50).childTicks += 12
    machine.background(100)
    expect(tick()).toEqual({ claude: 100 })
    expect(sampler.findings()).toEqual([])
  })
})

describe('a child that was seen', () => {
  test('for an hour is not booked again when it is waited for', () => {
    const { machine, tick } = claudeMachine()
    machine.start(60, { ppid: 50, exe: 'make' })
    for (let second = 0; second < 3_600; second += 60) {
      machine.run(60, 900)
      expect(tick()).toEqual({ claude: 900 })
    }
    machine.end(60)
    machine.shortChild(50, 40)
    expect(tick()).toEqual({ claude: 40 })
  })

  test('and whose parent’s children times lag a sample is not booked again either', () => {
    const { machine, tick } = claudeMachine()
    const child = machine.start(60, { ppid: 50, exe: 'make' })
    machine.run(60, 500)
    tick()
    machine.vanish(60)
    tick()
    machine.of(50).childTicks += child.ownTicks
    machine.background(1_000)
    expect(tick()).toEqual({ claude: 0 })
  })

  test('but ended unnoticed by its parent does not swallow others’ time for ever', () => {
    const { machine, tick } = claudeMachine()
    machine.start(60, { ppid: 50, exe: 'make' })
    machine.run(60, 5_000)
    tick()
    machine.vanish(60)
    for (let second = 0; second < 3; second++) tick()
    machine.shortChild(50, 300)
    expect(tick()).toEqual({ claude: 300 })
  })

  test('brings its own children’s time once, however deep the tree that ends at once', () => {
    const { machine, tick } = claudeMachine()
    machine.start(60, { ppid: 50, exe: 'make' })
    machine.start(61, { ppid: 60, exe: 'sh' })
    machine.start(62, { ppid: 61, exe: 'cc' })
    machine.run(60, 100)
    machine.run(61, 200)
    machine.run(62, 300)
    machine.shortChild(61, 50)
    expect(tick()).toEqual({ claude: 650 })
    machine.run(62, 70)
    machine.end(62)
    machine.end(61)
    machine.end(60)
    expect(tick()).toEqual({ claude: 70 })
  })

  test('and given to another reaper is that one’s to settle', () => {
    const machine = new ProcMachine()
    machine.start(40, { exe: 'claude', agoMs: 90_000 })
    machine.start(50, { ppid: 40, exe: 'ollama', agoMs: 60_000 })
    const orphan = machine.start(60, { ppid: 50, exe: 'sh', agoMs: 50_000 })
    const sampler = machine.sampler()
    sampler.sample()
    machine.host.clock.advance(1_000)
    machine.run(60, 400)
    machine.end(50)
    orphan.ppid = 40
    expect(cpuMsOf(sampler.sample())).toEqual({ claude: 0, ollama: 400 })
    machine.host.clock.advance(1_000)
    machine.end(60)
    machine.background(800)
    expect(cpuMsOf(sampler.sample())).toEqual({ claude: 0 })
  })
})

test('a dead child that nobody waits for does not swallow the time of others', () => {
  const { machine, tick } = claudeMachine()
  const child = machine.start(60, { ppid: 50, exe: 'make' })
  machine.run(60, 5_000)
  tick()
  child.state = 'Z'
  tick()
  machine.shortChild(50, 300)
  expect(tick()).toEqual({ claude: 300 })
  machine.end(60)
  machine.shortChild(50, 40)
  expect(tick()).toEqual({ claude: 40 })
})

test('whatever processes start, work, and end, no time is negative, and an app never gets more than was worked', () => {
  const step = fc.record({
    ranMs: fc.array(fc.nat(40), { minLength: 4, maxLength: 4 }),
    ends: fc.option(fc.nat(3), { nil: null }),
    starts: fc.boolean(),
    shortMs: fc.nat(30),
    dies: fc.option(fc.nat(3), { nil: null }),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const { machine, tick } = claudeMachine()
      const alive: number[] = []
      const seen = new Set<number>()
      let workedMs = 0
      let bookedMs = 0
      for (const { ranMs, ends, starts, shortMs, dies } of steps) {
        const youngest = alive.at(-1)
        if (starts && (youngest === undefined || machine.of(youngest).state !== 'Z')) {
          const { pid } = machine.start(machine.lastPid + 1, { ppid: youngest ?? 50, exe: 'tool' })
          alive.push(pid)
        }
        for (const [index, ms] of ranMs.entries()) {
          const pid = [50, ...alive][index]
          if (pid === undefined || machine.of(pid).state === 'Z') continue
          machine.run(pid, ms * 10)
          workedMs += ms * 10
        }
        machine.shortChild(50, shortMs * 10)
        workedMs += shortMs * 10
        // Only leaves end, as in a tree whose parents wait.
        const leaf = alive.at(-1)
        if (dies !== null && leaf !== undefined && seen.has(leaf)) machine.of(leaf).state = 'Z'
        if (ends !== null && leaf !== undefined) {
          machine.end(leaf)
          alive.pop()
        }
        for (const ms of Object.values(tick())) {
          expect(ms).toBeGreaterThanOrEqual(0)
          bookedMs += ms
        }
        for (const pid of alive) seen.add(pid)
        expect(bookedMs).toBeLessThanOrEqual(workedMs + 1e-6)
      }
      // Everything was the app's; nothing is lost where all could be seen or was waited for.
      for (const pid of alive.toReversed()) machine.end(pid)
      for (const ms of Object.values(tick())) bookedMs += ms
      expect(bookedMs).toBeCloseTo(workedMs, 6)
    }),
    fcOptions('sampler', 100, 10_000),
  )
})
