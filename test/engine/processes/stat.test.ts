import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProcessStat, STAT } from '../../../engine/processes/stat.ts'
import { fcOptions } from '../../support/counts.ts'

const REST =
  'S 41 42 42 0 -1 4194560 1200 0 3 0 250 50 17 5 20 0 7 0 987654 93245440 2550 18446744073709551615 1 1 0 0 0 0 0 4096 17642 0 0 0 17 5 0 0 0 0 0 0 0 0 0 0 0 0 0\n'

function parse(line: string | Uint8Array, last: number = STAT.processor): ProcessStat | null {
  const stat = new ProcessStat()
  const bytes = typeof line === 'string' ? Buffer.from(line, 'latin1') : line
  return stat.parse(bytes, bytes.length, last) ? stat : null
}

describe('a line of /proc/PID/stat', () => {
  test('gives parent, times, threads, start and last CPU', () => {
    const stat = parse(`43 (ollama) ${REST}`)
    expect(stat?.ppid).toBe(41)
    expect(stat?.ownTicks).toBe(300)
    expect(stat?.childTicks).toBe(22)
    expect(stat?.startTicks).toBe(987_654)
    expect(stat?.processor).toBe(5)
    expect(stat?.isThread).toBe(false)
    expect(stat?.isKernelThread).toBe(false)
    expect(stat?.isZombie).toBe(false)
  })

  test('has a name that may hold blanks, newlines and parentheses', () => {
    for (const name of ['a b', ') R 1 2 (', 'x)\ny', '', '((', 'kworker/u16:2-events_unbound']) {
      const bytes = Buffer.from(`43 (${name}) ${REST}`, 'latin1')
      const stat = new ProcessStat()
      expect(stat.parse(bytes, bytes.length, STAT.processor)).toBe(true)
      expect([stat.ppid, stat.ownTicks, stat.name(bytes)]).toEqual([41, 300, name])
    }
  })

  test('tells a zombie by its state and its single thread', () => {
    expect(parse(`43 (x) ${REST.replace('S 41', 'Z 41').replace('20 0 7', '20 0 1')}`)?.isZombie).toBe(true)
    expect(parse(`43 (x) ${REST.replace('S 41', 'Z 41')}`)?.isZombie).toBe(false)
  })

  test('tells threads and threads of the kernel from processes', () => {
    expect(parse(`43 (x) ${REST.replace(' 17 5 0 0 0 0', ' -1 5 0 0 0 0')}`)?.isThread).toBe(true)
    expect(parse(`2 (kthreadd) ${REST.replace('4194560', '2129984')}`)?.isKernelThread).toBe(true)
  })

  test('with a number that no counter reaches is none', () => {
    expect(parse(`43 (x) ${REST.replace(' 250 ', ' 99999999999999999999 ')}`)).toBeNull()
    expect(parse(`43 (x) ${REST.replace(' 250 ', ' -250 ')}`)).toBeNull()
    expect(parse(`43 (x) ${REST.replace(' 250 ', ' 2x0 ')}`)).toBeNull()
  })

  test('cut short anywhere is none, or says the same', () => {
    const whole = Buffer.from(`43 (a) b) ${REST}`, 'latin1')
    for (let length = 0; length < whole.length; length++) {
      const stat = parse(whole.subarray(0, length), STAT.startTicks)
      if (stat !== null)
        expect([stat.ppid, stat.ownTicks, stat.childTicks, stat.startTicks]).toEqual([41, 300, 22, 987_654])
    }
  })

  test('made of anything never throws, and never gives a negative or inexact time', () => {
    const mutated = fc.tuple(fc.nat(250), fc.uint8Array({ maxLength: 40 })).map(([at, garbage]) => {
      const bytes = Buffer.from(`43 (a) b) ${REST}`, 'latin1')
      bytes.set(garbage.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length))
      return new Uint8Array(bytes)
    })
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 400 })), (bytes) => {
        const stat = parse(bytes)
        if (stat === null) return
        for (const ticks of [stat.ownTicks, stat.childTicks, stat.startTicks]) {
          expect(ticks >= 0 && Number.isSafeInteger(ticks)).toBe(true)
        }
      }),
      fcOptions('stat', 500, 50_000),
    )
  })

  test('changes its hash with the name alone', () => {
    const hash = (name: string) => parse(`43 (${name}) ${REST}`)?.nameHash
    expect(hash('bash')).toBe(hash('bash'))
    expect(hash('bash')).not.toBe(hash('ollama'))
  })
})
