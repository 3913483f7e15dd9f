import { expect, test } from 'vitest'
import { projectKeyOf } from '../../../engine/store/project-key.ts'

test('a project has one name however its folder is written, and another under another secret', () => {
  const key = projectKeyOf(new Uint8Array(32))
  expect(key('/home/ada/shop')).toMatch(/^[0-9a-f]{12}$/)
  expect([key('/home/ada/shop/'), key('\\home\\ada\\shop')]).toEqual([key('/home/ada/shop'), key('/home/ada/shop')])
  expect(key('/home/ada/shop2')).not.toBe(key('/home/ada/shop'))
  expect(projectKeyOf(new Uint8Array(32).fill(1))('/home/ada/shop')).not.toBe(key('/home/ada/shop'))
})
