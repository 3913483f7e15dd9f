import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { counterNames, readExposition } from '../../../engine/connectors/prometheus-text.ts'
import { fcOptions } from '../../support/counts.ts'
import { fixture } from '../../support/server-double.ts'

function read(text: string, ...names: string[]) {
  const answer = readExposition(text, names)
  if (!answer.ok) throw new Error(answer.reason)
  return answer.value
}

describe('Prometheus text', () => {
  test('labels may stand in any order, with blanks, escapes and a comma at the end', () => {
    const text =
      '{"a.b",x="1"} 9\na{x="1",y="2"} 3\na { y = "3" , x = "1" , } 4\na{x="quote \\" slash \\\\ line \\n odd \\q",y="}"} 5\n'
    const exposition = read(text, 'a')
    expect(exposition.sum('a', (labels) => labels.get('x') === '1')).toBe(7)
    expect(exposition.series('a')[2]).toEqual({
      labels: new Map([
        ['x', 'quote " slash \\ line \n odd \\q'],
        ['y', '}'],
      ]),
      value: 5,
    })
    expect([...exposition.sumBy('x', 'a')]).toEqual([
      ['1', 7],
      ['quote " slash \\ line \n odd \\q', 5],
    ])
  })

  test('values may be written with an exponent, a stamp, an exemplar, tabs or carriage returns', () => {
    const text = [
      'a 3.21457e+07',
      'b{le="1"} 5 1395066363000',
      'c_total{x="y"} 17 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67',
      'd\t.5\r',
      '# EOF',
      '',
    ].join('\n')
    const exposition = read(text, 'a', 'b', 'c_total', 'd')
    expect(['a', 'b', 'c_total', 'd'].map((name) => exposition.sum(name))).toEqual([32_145_700, 5, 17, 0.5])
    expect(exposition.count('d')).toBe(1)
  })

  test('a counter is found under its name with and without _total, and its _created stamp is not part of it', () => {
    const names = counterNames('vllm:prompt_tokens')
    expect(read(fixture('vllm/metrics-1.txt'), ...names).sum(names)).toBe(120_000)
    expect(read('vllm:prompt_tokens{engine="0"} 7\nvllm:prompt_tokens_created 1.7e+09\n', ...names).sum(names)).toBe(7)
  })

  test('a name that nobody tells has no sum, which is not 0', () => {
    const exposition = read('a 1\n', 'a', 'b')
    expect(exposition.sum('b')).toBeNull()
    expect(exposition.sum('a', () => false)).toBeNull()
  })

  test.each([
    ['NaN', 'a NaN\n'],
    ['infinite', 'a{le="+Inf"} +Inf\n'],
    ['negative', 'a -1\n'],
    ['larger than any counter', 'a 1e300\n'],
    ['told twice', 'a{x="1",y="2"} 1\na{y="2",x="1"} 2\n'],
    ['cut off', 'a{x="1"} 1\na{x="2"} 12'],
  ])('a value that is %s makes no sum at all', (_what, text) => {
    expect(readExposition(text, ['a'])).toMatchObject({ ok: false, code: 'broken' })
  })

  test('such values of other series do no harm', () => {
    expect(read('b NaN\nb_bucket{le="+Inf"} +Inf\na 1\n', 'a').sum('a')).toBe(1)
  })

  test.each([
    ['a page', '<!doctype html>\n<html>\n'],
    ['a page without a line end', '<html></html>'],
    ['JSON', '{"a":1}\n'],
    ['JSON without a line end', '{"a":1}'],
    ['labels without an end', 'a{x="1" 3\n'],
    ['a label twice', 'a{x="1",x="2"} 3\n'],
    ['no value', 'a{x="1"}\n'],
    ['a word for a value', 'a twelve\n'],
    ['hexadecimal', 'a 0x10\n'],
    ['a value with a tail', 'a 12abc\n'],
  ])('%s is no exposition', (_what, text) => {
    expect(readExposition(text, ['a'])).toMatchObject({ ok: false, code: 'foreign' })
  })

  test('what was written is read, whatever the labels hold', () => {
    const series = fc.uniqueArray(fc.record({ x: fc.string(), y: fc.string({ unit: 'binary' }), value: fc.nat() }), {
      selector: ({ x, y }) => JSON.stringify([x, y]),
      maxLength: 8,
    })
    const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    fc.assert(
      fc.property(series, (written) => {
        const text = written.map(({ x, y, value }) => `a{y="${escaped(y)}",x="${escaped(x)}"} ${value}\n`).join('')
        expect(
          read(text, 'a')
            .series('a')
            .map(({ labels, value }) => ({ x: labels.get('x'), y: labels.get('y'), value })),
        ).toEqual(written)
      }),
      fcOptions('connectors', 100, 20_000),
    )
  })

  test('garbage and cut texts give an error or figures that can be, and never a larger sum', () => {
    const whole = fixture('vllm/metrics-1.txt')
    const names = counterNames('vllm:generation_tokens')
    fc.assert(
      fc.property(fc.nat(whole.length), fc.string({ unit: 'binary', maxLength: 20 }), (at, garbage) => {
        for (const text of [whole.slice(0, at), whole.slice(0, at) + garbage + whole.slice(at), garbage]) {
          const answer = readExposition(text, names)
          const sum = answer.ok ? answer.value.sum(names) : null
          expect(sum === null || (sum >= 0 && Number.isFinite(sum))).toBe(true)
          if (text.length < whole.length && text !== garbage) expect([null, 45_000]).toContain(sum)
        }
      }),
      fcOptions('connectors', 200, 50_000),
    )
  })
})
