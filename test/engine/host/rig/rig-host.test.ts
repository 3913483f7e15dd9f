import fc from 'fast-check'
import { expect, test } from 'vitest'
import { problem } from '../../../../contract/result.ts'
import { fcOptions } from '../../../support/counts.ts'
import { hostWith, textOf, ticksOf } from '../../../support/rigs.ts'

const PACKAGE = '/sys/class/powercap/intel-rapl:0'

function energyUj(host: ReturnType<typeof hostWith>, zone = PACKAGE): number {
  return Number(textOf(host, `${zone}/energy_uj`))
}

test('a process at half a core has used 50 ticks after a second, and the machine as many', () => {
  const host = hostWith({ processes: [{ name: 'half', pid: 42, load: 0.5 }] })
  const before = textOf(host, '/proc/stat').split('\n')[0]
  host.clock.advance(1_000)
  expect(ticksOf(host, 42)).toEqual({ own: 50, children: 0 })
  const busy = (line = '') => Number(line.split(/ +/)[1]) + Number(line.split(/ +/)[3])
  expect(busy(textOf(host, '/proc/stat').split('\n')[0]) - busy(before)).toBe(50)
})

test('the 10 ms steps of /proc are kept: 9.9 ms of work show as nothing yet', () => {
  const host = hostWith({ processes: [{ name: 'slow', pid: 42, load: 0.0099 }] })
  host.clock.advance(1_000)
  expect(ticksOf(host, 42).own).toBe(0)
  host.clock.advance(1_000)
  expect(ticksOf(host, 42).own).toBe(1)
})

test('a counter of 30 W reads 30 J more after a second, and a repeated zone under mmio reads the same', () => {
  const host = hostWith({
    domains: [{ zone: 'package-0', floorW: 10, wattsPerCore: 20, mmio: true }],
    processes: [{ name: 'one', load: 1 }],
  })
  host.clock.advance(1_000)
  expect(energyUj(host)).toBe(30_000_000)
  expect(energyUj(host, '/sys/class/powercap/intel-rapl-mmio:0')).toBe(30_000_000)
})

test('a counter that reaches its range begins again at 0', () => {
  const host = hostWith({ domains: [{ zone: 'package-0', floorW: 1, wrapsAtUj: 999_999, startsAtUj: 900_000 }] })
  host.clock.advance(99)
  expect(energyUj(host)).toBe(999_000)
  host.clock.advance(1)
  expect(energyUj(host)).toBe(0)
  expect(textOf(host, `${PACKAGE}/max_energy_range_uj`)).toBe('999999\n')
})

test('denied, hidden and absent counters look as they do on real machines', () => {
  const zone = { zone: 'package-0', floorW: 1 }
  const read = (access: string) => {
    const { files } = hostWith({ domains: [{ ...zone, access }] })
    const [names, name, energy] = [
      files.list('/sys/class/powercap'),
      files.text(`${PACKAGE}/name`),
      files.open(`${PACKAGE}/energy_uj`),
    ]
    return [names.ok ? names.value : names.code, name.ok ? name.value : name.code, energy.ok ? 'open' : energy.code]
  }
  expect(read('ok')).toEqual([['intel-rapl', 'intel-rapl:0'], 'package-0\n', 'open'])
  expect(read('denied')).toEqual([['intel-rapl', 'intel-rapl:0'], 'package-0\n', 'denied'])
  expect(read('hidden')).toEqual([['intel-rapl', 'intel-rapl:0'], 'absent', 'absent'])
  expect(read('absent')).toEqual(['absent', 'absent', 'absent'])
})

test('sleep passes for boot and wall time alone, nobody works in it, and a counter may begin anew after it', () => {
  const host = hostWith({
    domains: [{ zone: 'package-0', floorW: 1 }],
    processes: [{ name: 'busy', pid: 42, load: 1 }],
    events: [{ suspend: '10m', at: '30s', counters: 'reset' }],
  })
  host.clock.advance(60_000)
  expect(host.elapsedMs()).toBe(660_000)
  expect(host.clock.wallMs()).toBe(Date.parse('2026-11-16T08:11:00Z'))
  expect(ticksOf(host, 42).own).toBe(6_000)
  expect(energyUj(host)).toBe(30_000_000)
})

test('a stall and a step of the clock come at their time', () => {
  const host = hostWith({
    events: [
      { stall: '20s', at: '10s' },
      { clockStep: '-1h', at: '40s' },
    ],
  })
  const calledAtMs: number[] = []
  host.clock.after(11_000, () => calledAtMs.push(host.clock.monotonicMs()))
  host.clock.advance(50_000)
  expect(calledAtMs).toEqual([30_000])
  expect(host.clock.wallMs()).toBe(Date.parse('2026-11-16T07:00:50Z'))
})

test('a process that ends leaves a zombie, then its time to its parent, and its pid to the next', () => {
  const host = hostWith({
    processes: [
      { name: 'parent', pid: 40 },
      { name: 'first', pid: 42, parent: 'parent', start: '1s', stop: '3s', zombieFor: '2s', load: 1 },
      { name: 'second', pid: 42, start: '6s', load: 0.1 },
    ],
  })
  const opened = host.files.open('/proc/42/stat')
  expect(opened.ok).toBe(false)
  host.clock.advance(2_000)
  const kept = host.files.open('/proc/42/stat')
  host.clock.advance(2_000)
  expect(textOf(host, '/proc/42/stat')).toMatch(/^42 \(first\) Z 40 /)
  expect(ticksOf(host, 42).own).toBe(200)
  host.clock.advance(3_000)
  expect(ticksOf(host, 40)).toEqual({ own: 0, children: 200 })
  expect(ticksOf(host, 42).own).toBe(10)
  const buffer = new Uint8Array(512)
  expect(kept.ok && [kept.value.read(buffer), kept.value.fault]).toEqual([-1, 'gone'])
})

test('short-lived children are seen while they live, counted when they end, and each is one fork', () => {
  const host = hostWith({
    processes: [{ name: 'shell', pid: 42, children: { every: '1s', lasts: '200ms', cores: 1, comm: 'rg' } }],
  })
  const pids = () => {
    const names = host.files.list('/proc')
    return names.ok ? names.value.filter((name) => /^\d+$/.test(name) && name !== '1' && name !== '42') : []
  }
  host.clock.advance(100)
  expect(pids()).toHaveLength(1)
  expect(ticksOf(host, Number(pids()[0]))).toEqual({ own: 10, children: 0 })
  host.clock.advance(400)
  expect(pids()).toHaveLength(0)
  expect(ticksOf(host, 42)).toEqual({ own: 0, children: 20 })
  host.clock.advance(10_000)
  expect(ticksOf(host, 42).children).toBe(220)
  expect(textOf(host, '/proc/stat')).toContain('processes 5011\n')
})

test('another user’s executable is denied, and with hidepid so is the rest or the process itself', () => {
  const read = (hidepid: number) => {
    const { files } = hostWith({ hidepid, processes: [{ name: 'theirs', pid: 42, uid: 1001 }] })
    const [exe, cmdline, owner] = [files.link('/proc/42/exe'), files.text('/proc/42/cmdline'), files.owner('/proc/42')]
    return [
      exe.ok ? exe.value : exe.code,
      cmdline.ok ? cmdline.value : cmdline.code,
      owner.ok ? owner.value.uid : owner.code,
    ]
  }
  expect(read(0)).toEqual(['denied', '/usr/bin/theirs\0', 1001])
  expect(read(1)).toEqual(['denied', 'denied', 1001])
  expect(read(2)).toEqual(['absent', 'absent', 'absent'])
})

test('a zone that goes away is gone from the list and from kept descriptors, and counts from 0 when it is back', () => {
  const host = hostWith({ domains: [{ zone: 'package-0', floorW: 2, away: [{ at: '10s', for: '5s' }] }] })
  const kept = host.files.open(`${PACKAGE}/energy_uj`)
  const buffer = new Uint8Array(64)
  host.clock.advance(12_000)
  expect(kept.ok && [kept.value.read(buffer), kept.value.fault]).toEqual([-1, 'gone'])
  expect(host.files.list('/sys/class/powercap')).toEqual({ ok: true, value: ['intel-rapl'] })
  host.clock.advance(8_000)
  expect(energyUj(host)).toBe(10_000_000)
})

test.each([
  ['garbage', 'cpu \0\u00ff) -1 1e999 NaN\n:(\n'],
  ['zero', '0\n'],
  ['empty', ''],
  ['stuck', '2000000\n'],
  ['denied', 'denied'],
])('a fault of kind %s lasts as long as it says', (fault, shown) => {
  const host = hostWith({
    domains: [{ zone: 'package-0', floorW: 1 }],
    events: [{ fault, zone: 'package-0', at: '2s', for: '3s' }],
  })
  const kept = host.files.open(`${PACKAGE}/energy_uj`)
  const buffer = new Uint8Array(64)
  const read = () => {
    if (!kept.ok) return kept.code
    const length = kept.value.read(buffer)
    return length < 0 ? kept.value.fault : Buffer.from(buffer.subarray(0, length)).toString('latin1')
  }
  host.clock.advance(2_000)
  expect(read()).toBe(shown)
  host.clock.advance(2_999)
  expect(read()).toBe(shown)
  host.clock.advance(1)
  expect(read()).toBe('5000000\n')
})

test('a program that is started in place of another shows in name, arguments and link', () => {
  const host = hostWith({
    processes: [{ name: 'sh', pid: 42, exec: { after: '2s', exe: '/opt/ollama', args: ['serve'] } }],
  })
  expect(textOf(host, '/proc/42/cmdline')).toBe('/usr/bin/sh\0')
  host.clock.advance(2_000)
  expect(textOf(host, '/proc/42/cmdline')).toBe('/opt/ollama\0serve\0')
  expect(host.files.link('/proc/42/exe')).toEqual({ ok: true, value: '/opt/ollama' })
})

test('a signal reaches only the very process that was meant, and only one’s own', () => {
  const host = hostWith({
    processes: [
      { name: 'mine', pid: 42 },
      { name: 'theirs', pid: 43, uid: 0 },
    ],
  })
  expect(host.signal({ pid: 42, startTicks: 500 }, 'SIGTERM')).toEqual({ ok: true, value: null })
  expect(host.signal({ pid: 42, startTicks: 501 }, 'SIGTERM')).toEqual(problem('gone', 'Process 42 has ended.'))
  expect(host.signal({ pid: 43, startTicks: 501 }, 'SIGTERM')).toMatchObject({ code: 'denied' })
  expect(host.signals).toEqual([{ target: { pid: 42, startTicks: 500 }, name: 'SIGTERM' }])
})

test('a server answers its routes while it runs, and nobody answers elsewhere', async () => {
  const routes = { 'GET /api/ps': { body: { models: [] } } }
  const host = hostWith({ servers: [{ port: 11_434, from: '10s', routes }] })
  expect(await host.http('http://localhost:11434/api/ps')).toMatchObject({ code: 'refused' })
  host.clock.advance(10_000)
  expect(await host.http('http://localhost:11434/api/ps')).toEqual({
    ok: true,
    value: { status: 200, headers: {}, body: '{"models":[]}' },
  })
  expect(await host.http('http://localhost:11434/other')).toMatchObject({ value: { status: 404 } })
})

test('the next change is the nearest edge of any load, process, event or fault', () => {
  const host = hostWith({
    processes: [{ name: 'work', start: '10m', stop: '20m', load: { wave: { period: '4m', high: 1 } } }],
    events: [
      { clockStep: '5s', at: '25m' },
      { fault: 'zero', path: '/proc/stat', at: '30m', for: '1m' },
    ],
  })
  const minutes = [0, 10, 12, 14, 19, 21, 25, 30, 31].map((minute) => host.nextChangeMs(minute * 60_000) / 60_000)
  expect(minutes).toEqual([10, 12, 14, 16, 20, 25, 30, 31, 60])
})

test('a tick reaches to one short of the next change, at most a minute, and a whole number of ticks', () => {
  const host = hostWith({ processes: [{ name: 'work', load: { steps: [['90500ms', 1]] } }] })
  const lengths = [0, 0, 0, 0, 0].map(() => {
    const tickMs = host.nextTickMs()
    host.clock.advance(tickMs)
    return tickMs
  })
  expect(lengths).toEqual([60_000, 29_000, 1_000, 1_000, 60_000])
})

test('a load that always changes is played tick by tick', () => {
  const ramp = {
    ramp: [
      ['0s', 0],
      ['10m', 2],
    ],
  }
  const host = hostWith({ processes: [{ name: 'work', load: ramp }] })
  host.clock.advance(60_000)
  expect(host.nextTickMs()).toBe(1_000)
})

test('a week that is played in any steps ends in the same state', () => {
  const load = { bursts: { seed: 3, every: '1m', chance: 0.5, lasts: ['1s', '50s'], between: [0, 1] } }
  const rig = {
    domains: [{ zone: 'package-0', floorW: 1, wattsPerCore: 9 }],
    processes: [{ name: 'work', pid: 42, load }],
  }
  const steps = fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 20 })
  const whole = hostWith(rig)
  whole.clock.advance(3_600_000)
  fc.assert(
    fc.property(steps, (lengths) => {
      const host = hostWith(rig)
      for (const length of lengths) {
        host.clock.advance(Math.min(length, 3_600_000 - host.elapsedMs()))
        textOf(host, '/proc/stat')
      }
      host.clock.advance(3_600_000 - host.elapsedMs())
      expect(energyUj(host)).toBe(energyUj(whole))
      expect(ticksOf(host, 42)).toEqual(ticksOf(whole, 42))
      expect(textOf(host, '/proc/stat')).toBe(textOf(whole, '/proc/stat'))
    }),
    fcOptions('rig-steps', 30, 2_000),
  )
})

test('numbers of new processes follow the count of forks, and /proc/loadavg tells the last', () => {
  const host = hostWith({
    forksPerS: 3,
    processes: [
      { name: 'early', start: '10s', stop: '40s' },
      { name: 'late', start: '20s', children: { every: '10s', lasts: '2s', cores: 1 } },
      { name: 'given', start: '45s', pid: 77_000 },
    ],
  })
  const pids = () => {
    const names = host.files.list('/proc')
    return names.ok ? names.value.filter((name) => /^[1-9]/.test(name) && name !== '1').map(Number) : []
  }
  const lastPid = () => Number(textOf(host, '/proc/loadavg').split(' ')[4])
  host.clock.advance(10_000)
  expect([pids(), lastPid()]).toEqual([[2_031], 2_031])
  host.clock.advance(11_000)
  // Two processes, one child and 63 forks that nobody saw.
  expect([pids(), lastPid()]).toEqual([[2_031, 2_062, 2_063], 2_066])
  host.clock.advance(24_000)
  expect([pids(), lastPid()]).toEqual([[2_062, 77_000], 77_000])
})
