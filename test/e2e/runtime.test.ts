import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { launchCommand, presentRuntime } from '../../scripts/lib/runtime.mjs'

const hello = fileURLToPath(new URL('fixtures/hello', import.meta.url))

test('the runtime that was set up opens the app folder it is given, under that app’s name, and leaves no process', async () => {
  const runtime = presentRuntime()
  const { command, args, env } = launchCommand(runtime, hello, [])
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')

  const printed: unknown = JSON.parse(await text(child.stdout))
  expect(printed).toEqual({ electron: runtime.version, name: 'hello', version: '1.2.3', dir: hello })
  expect(await ended).toEqual([0, null])
  expect(processesMentioning(hello)).toEqual([])
})

function processesMentioning(argument: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(argument))
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // ended between the listing and the look
  }
}
