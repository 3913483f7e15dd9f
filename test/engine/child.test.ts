import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

let directory = ''
let child: ChildProcess
let complaints = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'perwatt-child-'))
  complaints = ''
  child = fork(join(import.meta.dirname, '../../engine/child.ts'), ['--data-dir', directory], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  child.stderr?.on('data', (chunk) => {
    complaints += chunk
  })
})
afterEach(() => {
  child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

const ended = () => once(child, 'exit', { signal: AbortSignal.timeout(15_000) })

test('an engine whose app ends while it still starts ends too, without a complaint', async () => {
  const exit = ended()
  child.disconnect()
  expect([await exit, complaints]).toEqual([[0, null], ''])
  expect(existsSync(join(directory, 'engine.sock'))).toBe(false)
})

test('an engine that serves says where, and ends with its app', async () => {
  const [announcement] = await once(child, 'message', { signal: AbortSignal.timeout(15_000) })
  expect(announcement).toEqual({ ready: true, socket: join(directory, 'engine.sock') })
  const exit = ended()
  child.disconnect()
  expect([await exit, complaints]).toEqual([[0, null], ''])
})
