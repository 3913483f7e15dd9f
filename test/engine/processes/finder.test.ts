import { describe, expect, test } from 'vitest'
import { cpuMsOf, memberOf, ProcMachine, processesOf } from './machine.ts'

function quietMachine() {
  const machine = new ProcMachine()
  machine.start(50, { exe: 'bash', agoMs: 60_000 })
  const sampler = machine.sampler()
  const tick = (ms = 1_000) => {
    machine.host.clock.advance(ms)
    return sampler.sample()
  }
  sampler.sample()
  return { machine, sampler, tick, host: machine.host }
}

describe('new processes', () => {
  test('are not looked for while the count of forks stands still', () => {
    const { host, tick } = quietMachine()
    const { list, open, owner } = host.calls
    for (let second = 0; second < 60; second++) tick()
    expect([host.calls.list, host.calls.open, host.calls.owner]).toEqual([list, open, owner])
  })

  test('are tried by their numbers at the next sample, without listing, whatever else there is', () => {
    const { machine, host, tick } = quietMachine()
    for (let pid = 1_000; pid < 3_500; pid++) machine.start(pid, { agoMs: 60_000 })
    tick(3_000)
    const { list, open } = host.calls
    machine.start(machine.lastPid + 3, { exe: 'ollama' })
    machine.run(machine.lastPid, 400)
    expect(cpuMsOf(tick())).toEqual({ ollama: 400 })
    expect(host.calls.list).toBe(list)
    expect(host.calls.open).toBe(open + 2)
  })

  test('are all of their app’s work from their start, where that was in the interval; what they did before is nobody’s', () => {
    const { machine, host, sampler } = quietMachine()
    host.clock.advance(1_000)
    machine.start(56, { exe: 'ollama', agoMs: 300, ownTicks: 25 })
    machine.background(250)
    machine.start(57, { exe: 'comfyui', agoMs: 5_000, ownTicks: 300 })
    expect(cpuMsOf(sampler.sample())).toEqual({ ollama: 250, comfyui: 0 })
  })

  test('after many forks are found by listing, at most every two seconds, and only they are opened', () => {
    const { machine, host, tick } = quietMachine()
    tick(5_000)
    const fork = (count: number) => {
      machine.forks += count
      machine.lastPid += count
    }
    const lists: number[] = []
    for (let second = 0; second < 6; second++) {
      fork(500)
      const before = host.calls.list
      tick()
      lists.push(host.calls.list - before)
    }
    expect(lists).toEqual([1, 0, 1, 0, 1, 0])
    const { open } = host.calls
    machine.start(machine.lastPid + 500, { exe: 'ollama' })
    expect(processesOf(tick())).toEqual({ ollama: 1 })
    expect(host.calls.open).toBe(open + 2)
  })

  test('are found where numbers begin anew, even under the number of one that was known', () => {
    const { machine, tick } = quietMachine()
    tick(5_000)
    machine.vanish(50)
    machine.start(50, { exe: 'ollama' })
    expect(processesOf(tick())).toEqual({ ollama: 1 })
  })

  test('are found where nobody tells the last number', () => {
    const { machine, tick } = quietMachine()
    machine.tellsLastPid = false
    tick(5_000)
    machine.start(56, { exe: 'ollama' })
    expect(processesOf(tick())).toEqual({ ollama: 1 })
  })

  test('in a container are found though forks elsewhere move the count and not our numbers', () => {
    const { machine, host, tick } = quietMachine()
    tick(5_000)
    machine.forks += 40
    const before = host.calls.list
    tick()
    machine.start(56, { exe: 'ollama' })
    expect(processesOf(tick())).toEqual({ ollama: 1 })
    expect(host.calls.list).toBe(before + 1)
  })

  test('whose number is given out before they can be seen are tried once more', () => {
    const { machine, host, tick } = quietMachine()
    const { list } = host.calls
    machine.lastPid = 60
    machine.forks += 4
    expect(processesOf(tick(500))).toEqual({})
    machine.start(60, { exe: 'ollama' })
    expect(processesOf(tick(500))).toEqual({})
    machine.start(61, { exe: 'sh' })
    expect(processesOf(tick(500))).toEqual({ ollama: 1 })
    expect(host.calls.list).toBe(list)
  })

  test('that were known and have ended are forgotten before the table grows without end', () => {
    const { machine, host, tick } = quietMachine()
    tick(5_000)
    const { list } = host.calls
    const pids: number[] = []
    for (let count = 0; count < 600; count++) {
      pids.push(machine.start(machine.lastPid + 1).pid)
      if (count % 50 === 0) tick()
    }
    tick()
    expect(host.calls.list).toBe(list + 1)
    for (const pid of pids) machine.vanish(pid)
    for (let count = 0; count < 400; count++) {
      machine.start(machine.lastPid + 1)
      if (count % 50 === 0) tick()
    }
    expect(host.calls.list).toBe(list + 1)
  })

  test('of the kernel are not looked into', () => {
    const { machine, host, tick } = quietMachine()
    machine.start(56, { comm: 'kworker/0:1', flags: 0x20_8040 })
    const { link } = host.calls
    tick()
    tick(30_000)
    expect(host.calls.link).toBe(link)
  })
})

describe('a process that was just made', () => {
  test('is matched again a second later: fork comes first, the program after', () => {
    const { machine, tick } = quietMachine()
    machine.start(56, { exe: 'bash' })
    expect(processesOf(tick())).toEqual({})
    machine.exec(56, 'ollama')
    machine.run(56, 700)
    expect(cpuMsOf(tick())).toEqual({ ollama: 0 })
    machine.run(56, 300)
    expect(cpuMsOf(tick())).toEqual({ ollama: 300 })
  })

  test('is matched again ten seconds later: a shell prepares, then becomes what it was for', () => {
    const { machine, tick } = quietMachine()
    machine.start(56, { exe: 'bash' })
    for (let second = 0; second < 5; second++) tick()
    machine.exec(56, 'ollama')
    for (let second = 0; second < 5; second++) expect(processesOf(tick())).toEqual({})
    expect(processesOf(tick())).toEqual({ ollama: 1 })
  })

  test('and is not matched a fourth time', () => {
    const { machine, host, tick } = quietMachine()
    machine.start(56, { exe: 'bash' })
    const { link } = host.calls
    for (let second = 0; second < 60; second++) tick()
    // Executable and working directory, three times.
    expect(host.calls.link - link).toBe(6)
  })

  test('changes the app of all below it', () => {
    const { machine, tick } = quietMachine()
    machine.start(56, { exe: 'bash' })
    machine.start(57, { ppid: 56, exe: 'python3' })
    tick()
    machine.exec(56, 'ollama')
    machine.run(57, 200)
    expect(processesOf(tick())).toEqual({ ollama: 2 })
    machine.run(57, 200)
    expect(cpuMsOf(tick())).toEqual({ ollama: 200 })
  })
})

describe('an app’s process that becomes another program', () => {
  test('is noticed at once by its name, and leaves its app', () => {
    const { machine, host, tick } = quietMachine()
    machine.start(56, { exe: 'ollama' })
    tick()
    for (let second = 0; second < 20; second++) tick()
    machine.exec(56, 'sleep')
    tick()
    machine.run(56, 500)
    expect(tick()?.apps).toEqual([])
    expect(host.openDescriptors).toBe(2)
  })

  test('becomes another app’s', () => {
    const { machine, tick } = quietMachine()
    machine.start(56, { exe: 'ollama' })
    for (let second = 0; second < 20; second++) tick()
    machine.exec(56, 'comfyui')
    tick()
    machine.run(56, 500)
    expect(cpuMsOf(tick())).toEqual({ comfyui: 500 })
  })
})

describe('where Linux hides other users’ processes', () => {
  test('those that may not be opened are counted, and tried once', () => {
    const { machine, sampler, host, tick } = quietMachine()
    tick(5_000)
    for (const pid of [56, 57, 58]) {
      machine.start(pid)
      host.write(`/proc/${pid}/stat`, { fault: 'denied' })
    }
    tick()
    expect(sampler.findings()).toEqual([{ code: 'unreadable', count: 3 }])
    const { open } = host.calls
    tick(30_000)
    expect(host.calls.open).toBe(open)
    machine.vanish(57)
    machine.forks += 1_000
    machine.lastPid += 1_000
    tick(5_000)
    expect(sampler.findings()).toEqual([{ code: 'unreadable', count: 2 }])
  })
})

test('identity is read whole for matching, and arguments are cut at 4,096 bytes', () => {
  const machine = new ProcMachine()
  machine.start(50, { exe: 'python3', comm: 'python3', args: ['-m', 'vllm', 'x'.repeat(5_000)], agoMs: 60_000 })
  machine.host.links.set('/proc/50/cwd', '/srv/models')
  const seen: unknown[] = []
  const sampler = machine.sampler({
    matcher: {
      recognise: (identity) => {
        if (identity.comm === 'init') return (above) => above
        seen.push(identity)
        return () => memberOf('vllm')
      },
    },
  })
  expect(processesOf(sampler.sample())).toEqual({ vllm: 1 })
  expect(seen).toEqual([
    {
      exe: 'python3',
      comm: 'python3',
      argv0: '/usr/bin/python3',
      cmdline: `/usr/bin/python3 -m vllm ${'x'.repeat(5_000)}`.slice(0, 4_096),
      container: null,
      bundleId: null,
      cwd: '/srv/models',
    },
  ])
})

describe('a process in a container', () => {
  const id = 'ab'.repeat(32)

  function recognised(imageOf?: (id: string) => string | null) {
    const machine = new ProcMachine()
    machine.start(50, { exe: 'python3', agoMs: 60_000 })
    machine.host.write('/proc/50/cgroup', `0::/system.slice/docker-${id}.scope\n`)
    const images: (string | null)[] = []
    const sampler = machine.sampler({
      ...(imageOf === undefined ? {} : { imageOf }),
      matcher: {
        recognise: ({ comm, container }) => {
          if (comm !== 'init') images.push(container)
          return (above) => above
        },
      },
    })
    sampler.sample()
    return { images, machine }
  }

  test('has its image where somebody knows it by the container’s id', () => {
    const { images } = recognised((asked) => (asked === id ? 'ollama/ollama:latest' : null))
    expect(images).toEqual(['ollama/ollama:latest'])
  })

  test('has none where nobody does, and then its cgroup is not even read', () => {
    const { images, machine } = recognised()
    expect(images).toEqual([null])
    expect(machine.host.calls.text).toBe(0)
  })
})
