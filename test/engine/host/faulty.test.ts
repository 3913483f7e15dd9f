import { expect, test } from 'vitest'
import { faultyHost } from '../../../engine/host/faulty.ts'
import type { Host } from '../../../engine/host/host.ts'
import { hostWith } from '../../support/rigs.ts'

/** Six calls, two of them on a kept descriptor; what each gave. */
async function sixCalls(host: Host): Promise<string[]> {
  const outcome = (result: { ok: boolean }) => (result.ok ? 'ok' : 'failed')
  const opened = host.files.open('/proc/stat')
  const buffer = new Uint8Array(4_096)
  const reads = [0, 1].map(() =>
    opened.ok ? (opened.value.read(buffer) > 0 ? 'ok' : String(opened.value.fault)) : 'closed',
  )
  return [
    outcome(opened),
    ...reads,
    outcome(host.files.text('/proc/cpuinfo')),
    outcome(host.files.list('/proc')),
    outcome(host.files.owner('/proc/1')),
  ]
}

test.each([
  [1, ['failed', 'closed', 'closed', 'ok', 'ok', 'ok'], 4],
  [2, ['ok', 'gone', 'ok', 'ok', 'ok', 'ok'], 6],
  [3, ['ok', 'ok', 'gone', 'ok', 'ok', 'ok'], 6],
  [4, ['ok', 'ok', 'ok', 'failed', 'ok', 'ok'], 6],
  [6, ['ok', 'ok', 'ok', 'ok', 'ok', 'failed'], 6],
  [7, ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'], 6],
])('exactly call %i fails', async (failCall, outcomes, calls) => {
  const host = faultyHost(hostWith({}), { failCall, fault: 'gone' })
  expect(await sixCalls(host)).toEqual(outcomes)
  expect(host.calls).toBe(calls)
})

test('with forEver everything from that call on fails', async () => {
  const host = faultyHost(hostWith({}), { failCall: 3, forEver: true })
  expect(await sixCalls(host)).toEqual(['ok', 'ok', 'broken', 'failed', 'failed', 'failed'])
})

test('commands, libraries, servers and signals can fail too', async () => {
  const routes = { 'GET /': { body: 'hello' } }
  const fields = { servers: [{ port: 80_00, routes }], processes: [{ name: 'a', pid: 42 }] }
  const run = async (failCall: number) => {
    const host = faultyHost(hostWith(fields), { failCall })
    const answer = await host.http('http://localhost:8000/')
    const signal = host.signal({ pid: 42, startTicks: 500 }, 'SIGCONT')
    const command = await host.command(['true'])
    const library = host.library('libm.so', [])
    return [answer, signal, command, library].map((result) => (result.ok ? 'ok' : result.reason))
  }
  const chosen = 'This call was chosen to fail.'
  const [absentCommand, absentLibrary] = [
    'true is not installed on this machine.',
    'libm.so is not installed on this machine.',
  ]
  expect(await run(1)).toEqual([chosen, 'ok', absentCommand, absentLibrary])
  expect(await run(2)).toEqual(['ok', chosen, absentCommand, absentLibrary])
  expect(await run(3)).toEqual(['ok', 'ok', chosen, absentLibrary])
  expect(await run(4)).toEqual(['ok', 'ok', absentCommand, chosen])
})
