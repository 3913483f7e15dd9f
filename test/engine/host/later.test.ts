import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { FileFault } from '../../../engine/host/host.ts'
import { realHost } from '../../../engine/host/real.ts'

/** A tree that stands for `/sys`, and what files below it give off this thread. */
function tree() {
  const root = mkdtempSync(join(tmpdir(), 'perwatt-later-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'sys'))
  const { files } = realHost({ sysfs: join(root, 'sys'), rootfs: root })
  const later = (path: string) =>
    new Promise<string | { fault: FileFault }>((resolve) => {
      files.later(path, (answer) => resolve(answer.ok ? answer.value : { fault: answer.code }))
    })
  return { root, later, write: (path: string, text: string) => writeFileSync(join(root, path), text, 'latin1') }
}

function openBelow(root: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`)
      return target.startsWith(root) ? [target] : []
    } catch {
      return []
    }
  })
}

test('a file is read anew each time it is asked for, also several times at once', async () => {
  const { later, write } = tree()
  write('sys/power', '1\n')
  expect(await later('/sys/power')).toBe('1\n')
  write('sys/power', '22\xb5\n')
  expect(await Promise.all([later('/sys/power'), later('/sys/power')])).toEqual(['22\xb5\n', '22\xb5\n'])
  write('sys/power', '')
  expect(await later('/sys/power')).toBe('')
})

test('one that is longer than an attribute of the kernel is whole all the same', async () => {
  const { later, write } = tree()
  for (const length of [4_096, 4_097, 4_098, 100_000]) {
    write('sys/long', 'x'.repeat(length))
    expect(await later('/sys/long')).toBe('x'.repeat(length))
  }
  write('sys/long', 'x'.repeat(1_000_001))
  expect(await later('/sys/long')).toEqual({ fault: 'broken' })
})

test('one that is not there, or is a directory, is a fault, and never answered before the question has returned', async () => {
  const { later } = tree()
  expect(await later('/sys/none')).toEqual({ fault: 'absent' })
  expect(await later('/sys')).toEqual({ fault: 'broken' })
  let isAsked = false
  const answer = later('/sys/none').then(() => isAsked)
  isAsked = true
  expect(await answer).toBe(true)
})

test.runIf(process.platform === 'linux')('of one path one descriptor stays open, of files elsewhere none', async () => {
  const { root, later, write } = tree()
  write('sys/power', '1\n')
  write('elsewhere', '1\n')
  for (let second = 0; second < 3; second++) {
    await Promise.all([later('/sys/power'), later('/sys/power'), later('/elsewhere')])
  }
  expect(openBelow(root)).toEqual([join(root, 'sys/power')])
})
