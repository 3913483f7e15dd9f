import { describe, expect, test } from 'vitest'
import { memberOf, ProcMachine, processesOf } from './machine.ts'

function machineWith(apps: ReadonlySet<string> = new Set()) {
  const machine = new ProcMachine()
  machine.start(50, { exe: 'blender', agoMs: 60_000 })
  machine.start(51, { exe: 'bash', agoMs: 60_000 })
  const sampler = machine.sampler({
    matcher: { recognise: ({ exe }) => (exe !== null && apps.has(exe) ? () => memberOf(exe) : (above) => above) },
  })
  sampler.sample()
  const tick = (work: () => void = () => {}) => {
    machine.host.clock.advance(1_000)
    work()
    return sampler.sample()
  }
  return { machine, sampler, tick }
}

describe('busy time that no known process explains', () => {
  test('above a fifth of a core for ten seconds is looked into: two looks a second apart name the heavy ones', () => {
    const { machine, sampler, tick } = machineWith()
    for (let second = 0; second < 10; second++) {
      expect(sampler.unnamed()).toEqual([])
      tick(() => machine.run(50, 800))
    }
    expect(sampler.unnamed()).toEqual([])
    tick(() => machine.run(50, 800))
    expect(sampler.unnamed()).toEqual([{ exe: 'blender', cpuCores: 0.8, processes: 1 }])
  })

  test('below that is not looked into at all', () => {
    const { machine, tick } = machineWith()
    const { list, open } = machine.host.calls
    for (let second = 0; second < 120; second++) tick(() => machine.run(50, 200))
    expect([machine.host.calls.list, machine.host.calls.open]).toEqual([list, open])
  })

  test('is looked into once a minute at most', () => {
    const { machine, tick } = machineWith()
    const { list } = machine.host.calls
    for (let second = 0; second < 180; second++) tick(() => machine.run(50, 800))
    expect(machine.host.calls.list - list).toBe(3)
  })

  test('of an app is explained: it is not looked into', () => {
    const { machine, tick } = machineWith(new Set(['blender']))
    const { list } = machine.host.calls
    for (let second = 0; second < 60; second++) tick(() => machine.run(50, 2_000))
    expect(machine.host.calls.list).toBe(list)
  })

  test('of processes of one program is one line, the heaviest first; light ones are left out', () => {
    const { machine, sampler, tick } = machineWith()
    machine.start(60, { exe: 'ffmpeg', agoMs: 50_000 })
    machine.start(61, { exe: 'ffmpeg', agoMs: 50_000 })
    const work = () => {
      machine.run(50, 500)
      machine.run(60, 400)
      machine.run(61, 300)
      machine.run(51, 40)
    }
    tick(work)
    tick(work)
    for (let second = 0; second < 10; second++) tick(work)
    expect(sampler.unnamed()).toEqual([
      { exe: 'ffmpeg', cpuCores: 0.7, processes: 2 },
      { exe: 'blender', cpuCores: 0.5, processes: 1 },
    ])
  })

  test('of a process that became an app long after it was made finds that app', () => {
    const { machine, sampler, tick } = machineWith(new Set(['ollama']))
    for (let second = 0; second < 30; second++) tick()
    machine.exec(51, 'ollama')
    for (let second = 0; second < 11; second++) expect(tick(() => machine.run(51, 900))?.apps).toEqual([])
    expect(processesOf(tick(() => machine.run(51, 900)))).toEqual({ ollama: 1 })
    expect(sampler.unnamed()).toEqual([])
  })

  test('of another user’s process is named by the kernel’s name of it', () => {
    const { machine, sampler, tick } = machineWith()
    machine.start(60, { exe: null, comm: 'secretd', agoMs: 50_000 })
    for (let second = 0; second < 14; second++) tick(() => machine.run(60, 900))
    expect(sampler.unnamed()).toEqual([{ exe: 'secretd', cpuCores: 0.9, processes: 1 }])
  })

  test('is not compared across a gap', () => {
    const { machine, sampler, tick } = machineWith()
    for (let second = 0; second < 10; second++) tick(() => machine.run(50, 800))
    sampler.restart()
    tick(() => machine.run(50, 800))
    expect(sampler.unnamed()).toEqual([])
  })

  test('of a number that was reused between the looks is nobody’s', () => {
    const { machine, sampler, tick } = machineWith()
    for (let second = 0; second < 10; second++) tick(() => machine.run(50, 800))
    tick(() => {
      machine.vanish(50)
      machine.start(50, { exe: 'other', ownTicks: 5_000 })
      machine.background(800)
    })
    expect(sampler.unnamed()).toEqual([])
  })

  test('that has been named is offered no longer once the rules change', () => {
    const apps = new Set<string>()
    const { machine, sampler, tick } = machineWith(apps)
    for (let second = 0; second < 11; second++) tick(() => machine.run(50, 800))
    expect(sampler.unnamed()).toHaveLength(1)
    apps.add('blender')
    sampler.lookAgain()
    expect(sampler.unnamed()).toEqual([])
    expect(processesOf(tick())).toEqual({ blender: 1 })
  })
})
