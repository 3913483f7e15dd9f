import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MachineStat } from '../../../engine/processes/machine-stat.ts'
import { fcOptions } from '../../support/counts.ts'
import { MemoryHost } from '../../support/memory-host.ts'

const TEXT =
  'cpu  100 20 30 5000 70 4 6 900 50 10\ncpu0 60 10 20 2500 30 2 3 400 25 5\ncpu2 40 10 10 2500 40 2 3 500 25 5\n' +
  'intr 55 0 1 2\nctxt 9\nbtime 1700000000\nprocesses 4321\nprocs_running 2\nprocs_blocked 0\nsoftirq 5 1 2 3\n'

function machine(text: string, cpus = 0) {
  const host = new MemoryHost()
  host.write('/proc/stat', text)
  return { host, stat: new MachineStat(host.files, cpus) }
}

describe('/proc/stat', () => {
  test('is busy in user, nice, system and interrupts; guests are inside, idle, waiting and stolen time are not', () => {
    const { stat } = machine(TEXT)
    expect(stat.read()).toBe(true)
    expect([stat.busyTicks, stat.forks]).toEqual([160, 4_321])
  })

  test('tells single CPUs by number where asked for; one that is offline keeps what it had', () => {
    const { stat } = machine(TEXT, 4)
    stat.read()
    expect([...stat.busyTicksByCpu]).toEqual([95, 0, 65, 0])
  })

  test('may be longer than the buffer: machines have long lines of interrupts', () => {
    const { stat } = machine(TEXT.replace('intr 55', `intr 55${' 0'.repeat(60_000)}`))
    expect(stat.read()).toBe(true)
    expect([stat.busyTicks, stat.forks]).toEqual([160, 4_321])
  })

  test('is read on one descriptor, which is opened again after it failed', () => {
    const { host, stat } = machine(TEXT)
    stat.read()
    stat.read()
    expect(host.calls.open).toBe(1)
    host.write('/proc/stat', { fault: 'broken' })
    expect(stat.read()).toBe(false)
    host.write('/proc/stat', TEXT)
    expect(stat.read()).toBe(true)
    expect(host.calls.open).toBe(2)
    stat.close()
    expect(host.openDescriptors).toBe(0)
  })

  test('that is cut, empty, garbage or out of range is no load, and what was known stays', () => {
    const { host, stat } = machine(TEXT)
    stat.read()
    const broken = [
      '',
      'cpu',
      'cpu  1 2 3\n',
      'cpu  1 2 3 4 5 6 7',
      TEXT.replace('processes', 'processed'),
      'garbage\n',
    ]
    for (const text of [
      ...broken,
      TEXT.replace('cpu  100', 'cpu  99999999999999999999'),
      TEXT.replace('100', '-100'),
    ]) {
      host.write('/proc/stat', text)
      expect(stat.read()).toBe(false)
      expect([stat.busyTicks, stat.forks]).toEqual([160, 4_321])
    }
  })

  test('made of anything never throws and never gives a negative or inexact time', () => {
    const { host, stat } = machine(TEXT, 3)
    const text = fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 300 }),
      fc.nat(TEXT.length).map((length) => TEXT.slice(0, length)),
      fc
        .tuple(fc.nat(TEXT.length), fc.string({ maxLength: 30 }))
        .map(([at, s]) => TEXT.slice(0, at) + s + TEXT.slice(at)),
    )
    fc.assert(
      fc.property(text, (content) => {
        host.write('/proc/stat', content)
        stat.read()
        for (const ticks of [stat.busyTicks, stat.forks, ...stat.busyTicksByCpu]) {
          expect(ticks >= 0 && Number.isSafeInteger(ticks)).toBe(true)
        }
      }),
      fcOptions('stat', 500, 50_000),
    )
  })
})
