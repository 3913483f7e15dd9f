import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { oneAtATime } from '../../scripts/lib/one-at-a-time.mjs'

const lockFile = () => join(mkdtempSync(join(tmpdir(), 'perwatt-lock-')), 'deep', 'setup.pid')

test('two set-ups of one clone run one after the other', async () => {
  const file = lockFile()
  const seen: string[] = []
  let endFirst = () => {}
  const first = oneAtATime(async () => {
    seen.push('first begins')
    await new Promise<void>((resolve) => {
      endFirst = resolve
    })
    seen.push('first ends')
  }, file)
  const second = oneAtATime(async () => void seen.push('second'), file)
  expect(readFileSync(file, 'utf8')).toBe(String(process.pid))
  endFirst()
  await Promise.all([first, second])
  expect(seen).toEqual(['first begins', 'first ends', 'second'])
  expect(existsSync(file)).toBe(false)
})

test('a lock whose holder has ended is taken over, and a failure gives it back', async () => {
  const file = lockFile()
  await oneAtATime(async () => {}, file)
  // Above every kernel's highest number, so nobody's.
  writeFileSync(file, '4194305')
  await expect(oneAtATime(() => Promise.reject(new Error('no disk')), file)).rejects.toThrow('no disk')
  expect(existsSync(file)).toBe(false)
})
