import { expect, test } from 'vitest'
import { parseDays } from '../../../renderer/screens/settings/parse-days.ts'

test('days are whole and from 0 to 90', () => {
  expect(parseDays(' 14 ')).toEqual({ ok: true, value: 14 })
  expect(parseDays('0')).toEqual({ ok: true, value: 0 })
  for (const typed of ['', '91', '-1', '1.5', '1e1', 'a week']) expect(parseDays(typed).ok).toBe(false)
})
