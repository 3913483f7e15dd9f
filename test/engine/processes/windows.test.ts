import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { problem } from '../../../contract/result.ts'
import type { ProcessIdentity } from '../../../engine/processes/identity.ts'
import { readLook } from '../../../engine/processes/windows-answer.ts'
import { fcOptions } from '../../support/counts.ts'
import { cpuMsOf, memberOf, WindowsMachine } from './windows-machine.ts'

/** A machine with `ollama` (pid 40), whose sampler has been asked twice, a second apart: the next tick gives an interval. */
async function ollamaMachine() {
  const machine = new WindowsMachine()
  machine.start(40, { name: 'ollama.exe', busyMs: 9_000, cycles: 9e9 })
  const sampler = await machine.sampler()
  const tick = () => {
    machine.host.clock.advance(1_000)
    sampler.readLoad()
    return sampler.sample()
  }
  sampler.readLoad()
  sampler.sample()
  return { machine, sampler, tick }
}

describe('a sample', () => {
  test('gives each app its CPU time between two looks, at the tick after them, dated when they were taken', async () => {
    const { machine, tick } = await ollamaMachine()
    machine.run(40, 400)
    machine.run(4, 100)
    tick()
    expect(tick()).toEqual({
      atMs: machine.host.clock.monotonicMs() - 1_000,
      intervalMs: 1_000,
      busyMs: 500,
      logicalCpus: 4,
      apps: [{ app: 'ollama', cpuMs: 400, plainCpuMs: 400, processes: 1 }],
    })
  })

  test('divides by cycles, which are finer than times', async () => {
    const { machine, tick } = await ollamaMachine()
    machine.start(50, { name: 'comfyui.exe' })
    tick()
    tick()
    machine.run(40, 300, 2e8)
    machine.run(50, 100, 2e8)
    tick()
    const sample = tick()
    expect(cpuMsOf(sample)).toEqual({ ollama: 200, comfyui: 200 })
    expect(sample?.apps.map(({ plainCpuMs }) => plainCpuMs)).toEqual([300, 100])
  })

  test('gives what ended processes did to nobody, not to those that live', async () => {
    const { machine, tick } = await ollamaMachine()
    machine.run(40, 100)
    machine.background(700)
    tick()
    const sample = tick()
    expect([cpuMsOf(sample), sample?.busyMs]).toEqual([{ ollama: 100 }, 800])
  })

  test('counts all that a process did that began between two looks', async () => {
    const { machine, tick } = await ollamaMachine()
    machine.start(60, { parent: 40, name: 'runner.exe' })
    machine.run(60, 250)
    tick()
    expect(cpuMsOf(tick())).toEqual({ ollama: 250 })
  })

  test('lets a number that is reused inherit nothing', async () => {
    const { machine, tick } = await ollamaMachine()
    machine.end(40)
    machine.host.clock.advance(10)
    machine.start(40, { name: 'notepad.exe', busyMs: 30, cycles: 3e7 })
    tick()
    expect(tick()?.apps).toEqual([])
  })

  test('is null where the driver gave nothing new; the next covers both intervals', async () => {
    const { machine, sampler, tick } = await ollamaMachine()
    machine.run(40, 100)
    tick()
    expect(sampler.sample()).toBeNull()
    tick()
    machine.override = () => ({ times: null })
    tick()
    expect(tick()).toBeNull()
    expect(sampler.findings()).toEqual([{ code: 'unreadable', count: 1 }])
    machine.override = null
    machine.run(40, 500)
    tick()
    expect(tick()).toMatchObject({ intervalMs: 3_000, apps: [{ cpuMs: 500 }] })
    expect(sampler.findings()).toEqual([])
  })

  test('is empty of work after a gap, whose answers are not waited for', async () => {
    const { machine, sampler, tick } = await ollamaMachine()
    tick()
    machine.run(40, 400)
    machine.host.clock.advance(1_000)
    sampler.restart()
    sampler.readLoad()
    expect(sampler.sample()).toBeNull()
    expect(tick()).toMatchObject({ intervalMs: 0, busyMs: 0, apps: [{ app: 'ollama', cpuMs: 0 }] })
  })

  test('has no load while the driver hangs', async () => {
    const { machine, sampler } = await ollamaMachine()
    machine.session.fault = problem('broken', 'The driver hung.')
    expect(sampler.readLoad()).toBeNull()
    sampler.close()
    expect(machine.session.isClosed).toBe(true)
  })
})

describe('folding', () => {
  test('gives an app what it starts, and keeps it when the parent ends', async () => {
    const { machine, sampler, tick } = await ollamaMachine()
    machine.start(60, { parent: 40, name: 'runner.exe' })
    machine.start(61, { parent: 60, name: 'worker.exe' })
    tick()
    tick()
    expect(sampler.appOf(61)).toBe('ollama')
    machine.end(60)
    machine.start(70, { name: 'other.exe' })
    tick()
    tick()
    expect([sampler.appOf(61), sampler.appOf(70)]).toEqual(['ollama', null])
    expect([...sampler.tracked()].map(({ pid }) => pid)).toEqual([40, 61])
  })

  test('takes no younger process for a parent: its number was reused', async () => {
    const machine = new WindowsMachine()
    machine.start(50, { parent: 40, created: 1_000_000n })
    machine.start(40, { name: 'ollama.exe', created: 2_000_000n })
    expect((await machine.sampler()).appOf(50)).toBeNull()
  })

  test('recognises by command line once that is known, and shows Perwatt itself', async () => {
    const machine = new WindowsMachine()
    machine.start(50, { name: 'python.exe', commandLine: '"C:\\Python 3\\python.exe" -m vllm serve' })
    machine.start(51, { name: 'node.exe' })
    const sampler = await machine.sampler({ selfPids: () => [51] })
    expect([sampler.appOf(50), sampler.appOf(51)]).toEqual([null, 'perwatt'])
    sampler.readLoad()
    machine.host.clock.advance(1_000)
    sampler.readLoad()
    expect(sampler.appOf(50)).toBe('vllm')
  })

  test('tells the matcher path, name and arguments as a program sees them', async () => {
    const machine = new WindowsMachine()
    machine.start(50, { name: 'python.exe', path: 'C:\\Python 3\\python.exe', commandLine: 'python  -c "a b"' })
    const seen: ProcessIdentity[] = []
    const matcher = {
      recognise: (identity: ProcessIdentity) => {
        if (identity.comm === 'python.exe') seen.push(identity)
        return () => null
      },
    }
    const sampler = await machine.sampler({ matcher })
    sampler.readLoad()
    machine.host.clock.advance(1_000)
    sampler.readLoad()
    const shared = { comm: 'python.exe', container: null, bundleId: null, cwd: null, exe: 'python.exe' }
    expect(seen).toEqual([
      { ...shared, argv0: null, cmdline: '' },
      { ...shared, argv0: 'C:\\Python 3\\python.exe', cmdline: 'C:\\Python 3\\python.exe -c a b' },
    ])
  })

  test('looks at everything anew when the rules change', async () => {
    const machine = new WindowsMachine()
    machine.start(50, { name: 'mytool.exe' })
    let isNamed = false
    const matcher = { recognise: () => () => (isNamed ? memberOf('mine') : null) }
    const sampler = await machine.sampler({ matcher })
    const tick = () => {
      machine.host.clock.advance(1_000)
      sampler.readLoad()
    }
    tick()
    tick()
    isNamed = true
    sampler.lookAgain()
    expect(sampler.appOf(50)).toBeNull()
    tick()
    tick()
    expect(sampler.appOf(50)).toBe('mine')
  })
})

test('heavy processes without an app are offered for naming, those of the kernel and of apps are not', async () => {
  const { machine, sampler, tick } = await ollamaMachine()
  machine.start(60, { name: 'render.exe' })
  machine.start(61, { name: 'render.exe' })
  machine.start(62, { name: 'idle.exe' })
  for (let second = 0; second < 13; second++) {
    for (const pid of [40, 60, 61, 4]) machine.run(pid, 500)
    machine.run(62, 10)
    tick()
  }
  expect(sampler.unnamed()).toMatchObject([{ exe: 'render.exe', processes: 2 }])
  expect(sampler.unnamed()[0]?.cpuCores).toBeCloseTo(1, 6)
})

test('cores differ where Windows tells several efficiency classes', async () => {
  const machine = new WindowsMachine()
  expect((await machine.sampler()).coresDiffer).toBe(false)
  machine.efficiencyClasses = [1, 1, 0, 0]
  expect((await machine.sampler()).coresDiffer).toBe(true)
})

test('an answer may be anything: a look with sane times or none, never an exception', () => {
  const cell = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.bigInt({ min: -9n, max: 2n ** 70n }).map(String),
    fc.constant(null),
  )
  const answer = fc.record({
    times: fc.oneof(fc.array(cell, { maxLength: 4 }), cell),
    processes: fc.oneof(fc.array(fc.oneof(fc.array(cell, { maxLength: 7 }), cell), { maxLength: 4 }), cell),
    images: fc.oneof(fc.array(fc.array(cell, { maxLength: 4 }), { maxLength: 3 }), cell),
    efficiencyClasses: fc.oneof(fc.array(cell), cell),
  })
  fc.assert(
    fc.property(fc.oneof(answer, fc.jsonValue()), (value) => {
      const look = readLook(value)
      if (look === null) return
      expect(look.busyMs >= 0).toBe(true)
      expect(look.processes.every(({ busyMs, cycles }) => busyMs >= 0 && cycles >= 0)).toBe(true)
    }),
    fcOptions('windows', 300, 30_000),
  )
})
