import { expect, test } from 'vitest'
import { exeOf } from '../../../renderer/screens/settings/exe-of.ts'
import { matchApps } from '../../../renderer/screens/settings/match-apps.ts'
import { currencies, parsePrice } from '../../../renderer/screens/settings/parse-price.ts'

test.each([
  ['0.30', 0.3],
  [' 0,30 ', 0.3],
  ['.5', 0.5],
  ['10', 10],
  ['', null],
  ['  ', null],
])('“%s” is a price of %d', (text, price) => expect(parsePrice(text)).toEqual({ ok: true, value: price }))

test.each(['abc', '1.2.3', '-1', '1e2', '0,3 €', '10.01', 'Infinity'])('“%s” is no price', (text) => {
  expect(parsePrice(text)).toMatchObject({ ok: false, code: 'badPrice' })
})

test('the currency that is set can be chosen, however rare', () => {
  expect(currencies('ISK').find(({ code }) => code === 'ISK')).toEqual({ code: 'ISK', name: 'Icelandic Króna' })
  expect(currencies('EUR').filter(({ code }) => code === 'EUR')).toEqual([{ code: 'EUR', name: 'Euro' }])
})

test('only a rule by a single executable can be made again', () => {
  expect(exeOf(['exe nighttrain'])).toBe('nighttrain')
  expect(exeOf(['exe a b'])).toBe('a b')
  expect(exeOf(['exe a', 'exe b'])).toBeNull()
  expect(exeOf(['container ollama/ollama'])).toBeNull()
  expect(exeOf([])).toBeNull()
})

const apps = [
  { id: 'lm-studio', name: 'LM Studio', category: 'model-server' },
  { id: 'comfyui', name: 'ComfyUI', category: 'image-gen' },
  { id: 'musicgen-studio', name: 'Àudio Studio', category: 'speech' },
  { id: 'studio-x', name: 'Studio X', category: 'chat-app' },
]
const found = (query: string) => matchApps(apps, query).map(({ name }) => name)

test('apps are found by every word of name, id or category, without case and accents; names that begin with it first', () => {
  expect(found('studio')).toEqual(['Studio X', 'Àudio Studio', 'LM Studio'])
  expect(found('AUDIO')).toEqual(['Àudio Studio'])
  expect(found('studio server')).toEqual(['LM Studio'])
  expect(found('nothing')).toEqual([])
  expect(found('')).toEqual(['Àudio Studio', 'ComfyUI', 'LM Studio', 'Studio X'])
})
