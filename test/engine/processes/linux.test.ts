import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fcOptions } from '../../support/counts.ts'
import { cpuMsOf, memberOf, ProcMachine, processesOf } from './machine.ts'

/** A machine with `ollama` (pid 50), sampled once, a second later. */
function ollamaMachine() {
  const machine = new ProcMachine()
  machine.start(50, { exe: 'ollama', agoMs: 60_000, ownTicks: 700 })
  const sampler = machine.sampler()
  sampler.sample()
  machine.host.clock.advance(1_000)
  return { machine, sampler }
}

describe('a sample', () => {
  test('gives each app its CPU time since the sample before, and the machine’s', () => {
    const { machine, sampler } = ollamaMachine()
    machine.run(50, 400)
    machine.background(300)
    expect(sampler.sample()).toEqual({
      atMs: 1_000,
      intervalMs: 1_000,
      busyMs: 700,
      logicalCpus: 4,
      apps: [{ app: 'ollama', cpuMs: 400, plainCpuMs: 400, processes: 1 }],
    })
  })

  test('is empty of work at the first time and after a gap: what happened before is nobody’s', () => {
    const { machine, sampler } = ollamaMachine()
    machine.run(50, 400)
    sampler.restart()
    const empty = { app: 'ollama', cpuMs: 0, plainCpuMs: 0, processes: 1 }
    expect(sampler.sample()).toMatchObject({ intervalMs: 0, busyMs: 0, apps: [empty] })
    machine.host.clock.advance(500)
    machine.run(50, 100)
    expect(sampler.sample()).toMatchObject({ intervalMs: 500, busyMs: 100, apps: [{ app: 'ollama', cpuMs: 100 }] })
  })

  test('has the same load that sources saw in this tick', () => {
    const { machine, sampler } = ollamaMachine()
    const load = sampler.readLoad()
    machine.background(500)
    expect(load).toEqual({ atMs: 1_000, busyMs: 0, logicalCpus: 4 })
    expect(sampler.sample()).toMatchObject({ busyMs: 0 })
  })

  test('is null where the machine shows no load, and the next one covers both intervals', () => {
    const { machine, sampler } = ollamaMachine()
    const { content } = machine.host.memory.get('/proc/stat') ?? { content: '' }
    machine.host.write('/proc/stat', { fault: 'broken' })
    expect(sampler.readLoad()).toBeNull()
    expect(sampler.sample()).toBeNull()
    machine.host.write('/proc/stat', content)
    machine.host.clock.advance(1_000)
    machine.run(50, 1_500)
    expect(sampler.sample()).toMatchObject({ intervalMs: 2_000, apps: [{ cpuMs: 1_500 }] })
  })

  test('reads nothing but the known processes and the machine’s load: no listing, no opening', () => {
    const { machine, sampler } = ollamaMachine()
    for (let pid = 200; pid < 700; pid++) machine.start(pid, { agoMs: 60_000 })
    sampler.sample()
    machine.host.clock.advance(20_000)
    sampler.sample()
    const calls = { ...machine.host.calls }
    for (let tick = 0; tick < 10; tick++) {
      machine.host.clock.advance(1_000)
      sampler.sample()
    }
    expect(machine.host.calls).toEqual({ ...calls, read: calls.read + 20 })
  })

  test('counts all threads of a process once', () => {
    const { machine, sampler } = ollamaMachine()
    machine.start(51, { ppid: 50, exe: 'ollama', exitSignal: -1 })
    machine.run(50, 900)
    expect(sampler.sample()).toMatchObject({ apps: [{ app: 'ollama', cpuMs: 900, processes: 1 }] })
  })

  test('counts processes of other users, whose executable may not be read, by the kernel’s name of them', () => {
    const { machine, sampler } = ollamaMachine()
    machine.start(60, { exe: null, comm: 'comfyui' })
    machine.run(60, 250)
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 0, comfyui: 250 })
  })

  test('closes all its descriptors in the end', () => {
    const { machine, sampler } = ollamaMachine()
    sampler.sample()
    expect(machine.host.openDescriptors).toBe(3)
    sampler.close()
    expect(machine.host.openDescriptors).toBe(0)
  })
})

describe('folding', () => {
  test('gives an app the work of all that it starts, however deep', () => {
    const { machine, sampler } = ollamaMachine()
    machine.start(60, { ppid: 50, exe: 'sh' })
    machine.start(61, { ppid: 60, exe: 'python3' })
    machine.run(61, 300)
    const sample = sampler.sample()
    expect([cpuMsOf(sample), processesOf(sample)]).toEqual([{ ollama: 300 }, { ollama: 3 }])
  })

  test('lets a process that is an app itself keep its own work', () => {
    const { machine, sampler } = ollamaMachine()
    machine.start(60, { ppid: 50, exe: 'comfyui' })
    machine.run(60, 300)
    machine.run(50, 100)
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 100, comfyui: 300 })
  })

  test('does not depend on the order of pids: a child may have a smaller one than its parent', () => {
    const machine = new ProcMachine()
    machine.start(40, { ppid: 900, exe: 'python3', agoMs: 30_000 })
    machine.start(900, { ppid: 1, exe: 'ollama', agoMs: 60_000 })
    expect(processesOf(machine.sampler().sample())).toEqual({ ollama: 2 })
  })

  test('keeps the app of a process whose parent has ended', () => {
    const { machine, sampler } = ollamaMachine()
    const child = machine.start(60, { ppid: 50, exe: 'python3' })
    sampler.sample()
    machine.vanish(50)
    child.ppid = 1
    for (let tick = 0; tick < 12; tick++) {
      machine.host.clock.advance(1_000)
      machine.run(60, 100)
      expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 100 })
    }
  })

  test('takes no younger process for a parent: its number was reused', () => {
    const machine = new ProcMachine()
    machine.start(50, { ppid: 1, exe: 'ollama', agoMs: 1_000 })
    machine.start(60, { ppid: 50, exe: 'python3', agoMs: 60_000 })
    expect(processesOf(machine.sampler().sample())).toEqual({ ollama: 1 })
  })

  test('survives parents in a circle', () => {
    const machine = new ProcMachine()
    machine.start(50, { ppid: 51, exe: 'sh', agoMs: 60_000 })
    machine.start(51, { ppid: 50, exe: 'sh', agoMs: 60_000 })
    expect(machine.sampler().sample()?.apps).toEqual([])
  })

  test('shows Perwatt itself, with what it starts, and whatever the catalogue says', () => {
    const machine = new ProcMachine()
    machine.start(70, { exe: 'ollama', agoMs: 60_000 })
    machine.start(71, { ppid: 70, exe: 'node', agoMs: 50_000 })
    const sampler = machine.sampler({ selfPids: () => [70] })
    expect(processesOf(sampler.sample())).toEqual({ perwatt: 2 })
  })

  test('leaves a terminal’s shell in an editor to its user where the catalogue says so', () => {
    const machine = new ProcMachine()
    machine.start(70, { exe: 'editor', agoMs: 60_000 })
    machine.start(71, { ppid: 70, exe: 'bash', agoMs: 50_000 })
    machine.start(72, { ppid: 71, exe: 'make', agoMs: 40_000 })
    machine.start(73, { ppid: 70, exe: 'helper', agoMs: 40_000 })
    const editor = { ...memberOf('editor'), holdsTerminal: true }
    const sampler = machine.sampler({
      matcher: {
        recognise: ({ exe }) => {
          if (exe === 'editor') return () => editor
          return (above) => (exe === 'bash' && above?.holdsTerminal ? null : above)
        },
      },
    })
    expect(processesOf(sampler.sample())).toEqual({ editor: 2 })
  })

  test('believes a host that knows the apps itself: a recording holds no command lines', () => {
    const machine = new ProcMachine()
    machine.start(70, { exe: 'renamed', agoMs: 60_000 })
    machine.start(71, { ppid: 70, exe: 'child', agoMs: 50_000 })
    machine.start(72, { exe: 'ollama', agoMs: 50_000 })
    const host = machine.host
    const hinting = Object.assign(Object.create(host), { appHint: (pid: number) => (pid === 70 ? 'comfyui' : null) })
    expect(processesOf(machine.sampler({ host: hinting }).sample())).toEqual({ comfyui: 2 })
  })

  test('looks at everything anew when the rules change', () => {
    const machine = new ProcMachine()
    machine.start(70, { exe: 'mytool', agoMs: 60_000, ownTicks: 5_000 })
    machine.start(71, { ppid: 70, exe: 'child', agoMs: 50_000, ownTicks: 900 })
    const apps = new Set<string>()
    const sampler = machine.sampler({
      matcher: { recognise: ({ exe }) => (exe !== null && apps.has(exe) ? () => memberOf(exe) : (above) => above) },
    })
    expect(sampler.sample()?.apps).toEqual([])
    apps.add('mytool')
    machine.host.clock.advance(1_000)
    sampler.lookAgain()
    const named = sampler.sample()
    expect([cpuMsOf(named), processesOf(named)]).toEqual([{ mytool: 0 }, { mytool: 2 }])
    apps.clear()
    sampler.lookAgain()
    machine.host.clock.advance(1_000)
    machine.run(71, 500)
    expect(sampler.sample()?.apps).toEqual([])
    expect(machine.host.openDescriptors).toBe(2)
  })
})

test('a process named between two samples brings nothing of what it did before the first of them', () => {
  const machine = new ProcMachine()
  let isNamed = false
  const sampler = machine.sampler({
    matcher: { recognise: () => (isNamed ? () => memberOf('mine') : (above) => above) },
  })
  sampler.sample()
  machine.host.clock.advance(500)
  machine.start(60)
  machine.run(60, 300)
  machine.host.clock.advance(500)
  sampler.sample()
  isNamed = true
  sampler.lookAgain()
  machine.host.clock.advance(1_000)
  machine.run(60, 100)
  expect(cpuMsOf(sampler.sample())).toEqual({ mine: 0 })
  machine.host.clock.advance(1_000)
  machine.run(60, 100)
  expect(cpuMsOf(sampler.sample())).toEqual({ mine: 100 })
})

describe('a process that ends', () => {
  test('keeps what was seen of it; its remainder reaches its app by the parent’s children times', () => {
    const { machine, sampler } = ollamaMachine()
    machine.start(60, { ppid: 50, exe: 'python3' })
    machine.run(60, 500)
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 500 })
    machine.host.clock.advance(1_000)
    machine.run(60, 200)
    machine.end(60)
    const sample = sampler.sample()
    expect([cpuMsOf(sample), processesOf(sample)]).toEqual([{ ollama: 200 }, { ollama: 1 }])
  })

  test('is still known by its number for a while, since drivers tell late what it did last', () => {
    const { machine, sampler } = ollamaMachine()
    machine.start(60, { ppid: 50, exe: 'python3' })
    sampler.sample()
    machine.host.clock.advance(1_000)
    machine.end(60)
    sampler.sample()
    expect([sampler.appOf(60), sampler.appOf(99)]).toEqual(['ollama', null])
    machine.host.clock.advance(40_000)
    machine.start(70, { ppid: 50, exe: 'python3' })
    sampler.sample()
    machine.end(70)
    machine.host.clock.advance(1_000)
    sampler.sample()
    expect([sampler.appOf(60), sampler.appOf(70)]).toEqual([null, 'ollama'])
  })

  test('leaves its number to another that inherits nothing', () => {
    const { machine, sampler } = ollamaMachine()
    machine.vanish(50)
    machine.start(50, { exe: 'bash', ownTicks: 300 })
    machine.background(300)
    expect(sampler.sample()?.apps).toEqual([])
    machine.host.clock.advance(1_000)
    machine.run(50, 700)
    expect(sampler.sample()?.apps).toEqual([])
  })

  test('and whose number another app gets is not confused with it', () => {
    const { machine, sampler } = ollamaMachine()
    machine.run(50, 100)
    machine.host.clock.advance(1_000)
    machine.vanish(50)
    machine.start(50, { exe: 'comfyui' })
    machine.run(50, 300)
    expect(cpuMsOf(sampler.sample())).toEqual({ comfyui: 300 })
  })

  test('but is not waited for holds no descriptor, and is booked once', () => {
    const { machine, sampler } = ollamaMachine()
    const child = machine.start(60, { ppid: 50, exe: 'python3' })
    machine.run(60, 500)
    sampler.sample()
    const kept = machine.host.openDescriptors
    machine.host.clock.advance(1_000)
    machine.run(60, 100)
    child.state = 'Z'
    const dead = sampler.sample()
    expect([cpuMsOf(dead), processesOf(dead)]).toEqual([{ ollama: 100 }, { ollama: 1 }])
    expect(machine.host.openDescriptors).toBe(kept - 1)
    machine.host.clock.advance(30_000)
    sampler.sample()
    machine.end(60)
    machine.host.clock.advance(1_000)
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 0 })
  })

  test('only in its first thread lives on', () => {
    const { machine, sampler } = ollamaMachine()
    const process = machine.of(50)
    process.state = 'Z'
    process.threads = 8
    machine.run(50, 700)
    expect(sampler.sample()).toMatchObject({ apps: [{ app: 'ollama', cpuMs: 700, processes: 1 }] })
  })
})

describe('nonsense', () => {
  test('in a process’s times books nothing, is counted, and counting goes on from there', () => {
    const { machine, sampler } = ollamaMachine()
    const process = machine.of(50)
    process.ownTicks += 1_000_000
    machine.background(100)
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 0 })
    expect(sampler.findings()).toEqual([{ code: 'unreadable', count: 1 }])
    machine.host.clock.advance(1_000)
    machine.run(50, 400)
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 400 })
    expect(sampler.findings()).toEqual([])
  })

  test('in times that run backwards books nothing', () => {
    const { machine, sampler } = ollamaMachine()
    machine.of(50).ownTicks = 20
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 0 })
  })

  test('for a moment loses nothing: the next read has the whole difference', () => {
    const { machine, sampler } = ollamaMachine()
    const file = machine.host.memory.get('/proc/50/stat')
    const { content } = file ?? { content: '' }
    machine.run(50, 300)
    machine.host.write('/proc/50/stat', 'garbage')
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 0 })
    machine.host.write('/proc/50/stat', content)
    machine.host.clock.advance(1_000)
    machine.run(50, 300)
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 600 })
  })

  test('anywhere in the files gives no exception and no impossible time', () => {
    const { machine, sampler } = ollamaMachine()
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 400 }), fc.nat(5_000), (text, forks) => {
        machine.host.write('/proc/50/stat', text)
        machine.host.write('/proc/loadavg', text)
        machine.host.write('/proc/50/cmdline', text)
        machine.forks += forks
        machine.host.clock.advance(2_000)
        for (const { cpuMs } of sampler.sample()?.apps ?? []) {
          expect(cpuMs >= 0 && cpuMs <= 2_000 * 4 + 50).toBe(true)
        }
      }),
      fcOptions('sampler', 100, 10_000),
    )
  })
})

describe('without enough descriptors', () => {
  test('opens what it cannot keep for each read, gives the same figures, and says so', () => {
    const machine = new ProcMachine()
    for (let pid = 50; pid < 60; pid++) machine.start(pid, { exe: 'ollama', agoMs: 60_000 })
    machine.host.descriptorLimit = 6
    const sampler = machine.sampler()
    expect(processesOf(sampler.sample())).toEqual({ ollama: 10 })
    expect(machine.host.openDescriptors).toBeLessThan(6)
    machine.host.clock.advance(1_000)
    for (let pid = 50; pid < 60; pid++) machine.run(pid, 70)
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 700 })
    const [finding] = sampler.findings()
    expect(finding).toMatchObject({ code: 'noDescriptor' })
    expect(finding?.count).toBeGreaterThan(4)
  })

  test('notices that a number without a descriptor is another process now', () => {
    const machine = new ProcMachine()
    for (let pid = 50; pid < 60; pid++) machine.start(pid, { exe: 'ollama', agoMs: 60_000 })
    machine.host.descriptorLimit = 4
    const sampler = machine.sampler()
    sampler.sample()
    machine.host.clock.advance(5_000)
    for (let pid = 50; pid < 60; pid++) {
      machine.vanish(pid)
      machine.start(pid, { exe: 'bash', ownTicks: 90 })
    }
    machine.background(900)
    expect(sampler.sample()?.apps).toEqual([])
  })

  test('keeps them again once there are some', () => {
    const machine = new ProcMachine()
    for (let pid = 50; pid < 60; pid++) machine.start(pid, { exe: 'ollama', agoMs: 60_000 })
    machine.host.descriptorLimit = 4
    const sampler = machine.sampler()
    sampler.sample()
    machine.host.descriptorLimit = 100
    machine.host.clock.advance(61_000)
    sampler.sample()
    expect(sampler.findings()).toEqual([])
    expect(machine.host.openDescriptors).toBe(12)
  })
})

describe('cores that are not alike', () => {
  function hybrid() {
    const machine = new ProcMachine(4)
    for (const [cpu, capacity] of [1_024, 1_024, 512, 512].entries()) {
      machine.host.write(`/sys/devices/system/cpu/cpu${cpu}/cpu_capacity`, `${capacity}\n`)
    }
    machine.start(50, { exe: 'ollama', agoMs: 60_000, cpu: 0 })
    machine.start(51, { exe: 'comfyui', agoMs: 60_000, cpu: 3 })
    const sampler = machine.sampler()
    sampler.sample()
    machine.host.clock.advance(1_000)
    return { machine, sampler }
  }

  test('weigh CPU time by the capacity of the core that it ran on, of apps and of the machine', () => {
    const { machine, sampler } = hybrid()
    machine.run(50, 600)
    machine.run(51, 600)
    expect(sampler.sample()).toMatchObject({
      busyMs: 900,
      apps: [
        { app: 'ollama', cpuMs: 600, plainCpuMs: 600 },
        { app: 'comfyui', cpuMs: 300, plainCpuMs: 600 },
      ],
    })
  })

  test('weigh short-lived children as the machine’s work on average, because nobody knows where they ran', () => {
    const { machine, sampler } = hybrid()
    machine.shortChild(50, 200)
    machine.background(200, 3)
    expect(sampler.sample()).toMatchObject({ busyMs: 300, apps: [{ cpuMs: 150, plainCpuMs: 200 }, {}] })
  })
})

test('the order of processes does not matter: whatever their numbers, the apps get the same', () => {
  const node = fc.record({
    parent: fc.nat(),
    exe: fc.constantFrom('sh', 'ollama', 'claude', 'python3'),
    ms: fc.nat(40),
  })
  const pids = fc.uniqueArray(fc.integer({ min: 60, max: 9_000 }), { minLength: 12, maxLength: 12 })
  fc.assert(
    fc.property(fc.array(node, { minLength: 1, maxLength: 12 }), pids, pids, (nodes, first, second) => {
      const played = [first, second].map((numbers) => {
        const machine = new ProcMachine()
        // In the order of the numbers, so that the listing differs too; a parent is always older.
        const order = nodes.map((_, index) => index).toSorted((a, b) => (numbers[a] ?? 0) - (numbers[b] ?? 0))
        for (const index of order) {
          const { parent, exe } = nodes[index] ?? { parent: 0, exe: 'sh' }
          const above = index === 0 ? 1 : (numbers[parent % index] ?? 1)
          machine.start(numbers[index] ?? 0, { ppid: above, exe, agoMs: 90_000 - index * 100 })
        }
        const sampler = machine.sampler()
        sampler.sample()
        machine.host.clock.advance(1_000)
        for (const [index, { ms }] of nodes.entries()) machine.run(numbers[index] ?? 0, ms * 10)
        const sample = sampler.sample()
        return [cpuMsOf(sample), processesOf(sample), sample?.busyMs]
      })
      expect(played[0]).toEqual(played[1])
      expect(played[0]?.[2]).toBe(nodes.reduce((sum, { ms }) => sum + ms * 10, 0))
    }),
    fcOptions('sampler', 100, 10_000),
  )
})
