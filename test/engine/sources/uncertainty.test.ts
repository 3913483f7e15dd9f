import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { GAIN } from '../../../engine/sources/uncertainty.ts'

test('docs/sources.md states twice the standard uncertainties of the code, each of them and no other', () => {
  const page = readFileSync(new URL('../../../docs/sources.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| [^|]+ \| ([\d.]+) % \|/gm)]
  const stated = Object.fromEntries(rows.map(([, key = '', percent]) => [key, Number(percent)]))
  const expected = Object.fromEntries(Object.entries(GAIN).map(([key, ratio]) => [key, Math.round(ratio * 2_000) / 10]))
  expect(stated).toEqual(expected)
})
