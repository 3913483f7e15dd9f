import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { hasEnded } from './has-ended.ts'

const onPosix = test.skipIf(process.platform === 'win32')

/** An engine's part of a vendor process (victim.ts), and what both of them write. */
function startVictim(entry: string, request: string, ...stay: string[]) {
  const file = fileURLToPath(new URL('./victim.ts', import.meta.url))
  const child = spawn(process.execPath, [file, entry, request, ...stay], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => String((await said.next()).value)
  return { child, line, complained: once(child.stderr, 'data'), exited: once(child, 'exit') }
}

test('an engine that is killed leaves no vendor process behind', async () => {
  const victim = startVictim('./process.ts', 'hello', 'stay')
  const pid = Number(await victim.line())
  expect(await victim.line()).toBe('answered')
  expect(hasEnded(pid)).toBe(false)
  victim.child.kill('SIGKILL')
  await vi.waitFor(() => expect(hasEnded(pid)).toBe(true), { timeout: 10_000 })
})

onPosix('not even one whose driver hangs: the kernel ends that one by its alarm', async () => {
  const victim = startVictim('./impatient-process.ts', 'hang aloud', 'stay')
  const pid = Number(await victim.line())
  expect(String((await victim.complained)[0])).toBe('stuck\n')
  victim.child.kill('SIGKILL')
  await vi.waitFor(() => expect(hasEnded(pid)).toBe(true), { timeout: 10_000 })
})

test('an answer that is awaited keeps an engine alive, and an idle vendor process does not', async () => {
  const victim = startVictim('./process.ts', 'hello')
  const pid = Number(await victim.line())
  expect(await victim.line()).toBe('answered')
  expect(await victim.exited).toEqual([0, null])
  await vi.waitFor(() => expect(hasEnded(pid)).toBe(true), { timeout: 10_000 })
})
