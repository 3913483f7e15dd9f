import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ModelId } from '../../../contract/ids.ts'
import type { Now } from '../../../contract/now.ts'
import { doing } from '../../../renderer/screens/now/doing.ts'
import { settleOrder } from '../../../renderer/screens/now/order.ts'
import { fcOptions } from '../../support/counts.ts'
import { fullNow } from '../fixtures.ts'

const seen = (text: string) => text.replaceAll('\u202f', '_')
const [ollama] = fullNow().apps
if (ollama === undefined) throw new Error('The fixture has apps.')
const model = (name: string, tokensPerS: number | null): Now['models'][number] => ({
  id: ModelId.parse(`ollama/${name}`),
  app: ollama.id,
  name,
  state: 'ready',
  isRemote: false,
  powerW: null,
  tokensPerS,
  tokensPerJ: null,
})

test('what generates is named with its rate', () => {
  expect(seen(doing(ollama, [model('qwen3:8b', 31.2)]))).toBe('qwen3:8b, 31_tok/s')
  expect(seen(doing(ollama, [model('a', 4.21), model('b', 2), model('c', null)]))).toBe('a and 1 more, 4.2_tok/s')
})

test('without a rate the work of its processes speaks, then the cost of its rest', () => {
  const quiet = { ...ollama, cpuCores: 0.01, activeW: 0, idleW: 0 }
  expect(doing({ ...quiet, cpuCores: 0.05 }, [])).toBe('Working')
  expect(doing({ ...quiet, activeW: 12 }, [])).toBe('Working') // a card at work needs no core
  expect(seen(doing({ ...quiet, idleW: 10.9 }, []))).toBe('Idle, still draws 11_W')
  expect(doing(quiet, [model('qwen3:8b', null)])).toBe('Model loaded, quiet')
  expect(doing(quiet, [])).toBe('Quiet')
})

const ids = (apps: readonly { id: string }[]) => apps.map(({ id }) => id).join('')

test('apps stand heaviest first, and rows that draw nearly alike keep their places', () => {
  const before = settleOrder(
    [],
    [
      { id: 'b', powerW: 4 },
      { id: 'a', powerW: 9 },
    ],
  )
  expect(ids(before)).toBe('ab')
  expect(
    ids(
      settleOrder(
        ['a', 'b'],
        [
          { id: 'a', powerW: 9 },
          { id: 'b', powerW: 10.9 },
        ],
      ),
    ),
  ).toBe('ab')
  expect(
    ids(
      settleOrder(
        ['a', 'b'],
        [
          { id: 'a', powerW: 9 },
          { id: 'b', powerW: 11.1 },
        ],
      ),
    ),
  ).toBe('ba')
})

test('a busy newcomer stands at the top at once, and who ends leaves no hole', () => {
  expect(
    ids(
      settleOrder(
        ['a', 'b'],
        [
          { id: 'a', powerW: 9 },
          { id: 'new', powerW: 9.1 },
        ],
      ),
    ),
  ).toBe('newa')
})

test('for any watts, nobody is lost and nobody stands under an app that draws clearly less', () => {
  const app = fc.record({ id: fc.constantFrom(...'abcdefgh'), powerW: fc.double({ min: 0, max: 100, noNaN: true }) })
  const apps = fc.uniqueArray(app, { selector: ({ id }) => id })
  fc.assert(
    fc.property(apps, apps, (before, now) => {
      const order = settleOrder(
        settleOrder([], before).map(({ id }) => id),
        now,
      )
      expect([...order].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([...now].sort((a, b) => (a.id < b.id ? -1 : 1)))
      order.slice(1).forEach((below, index) => {
        expect(below.powerW).toBeLessThanOrEqual((order[index]?.powerW ?? 0) * 1.2 + 0.2)
      })
    }),
    fcOptions('order', 200, 20_000),
  )
})
