import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, expect, test, vi } from 'vitest'
import { exitCodeOf } from '../../cli/exit.ts'
import { blindExit } from '../../cli/ticks.ts'
import { SourceId } from '../../contract/ids.ts'
import { ok, problem } from '../../contract/result.ts'
import type { SourceStatus } from '../../contract/sources.ts'
import { attach } from '../../engine/socket/client.ts'
import { cli, startCli } from '../support/cli.ts'
import { fakeEngine } from '../support/fake-engine.ts'
import { wirePair } from '../support/wire-pair.ts'

const directory = mkdtempSync(join(tmpdir(), 'perwatt-bad-use-'))
afterAll(() => rmSync(directory, { recursive: true }))

function place(name: string, mode = 0o700): string {
  const path = join(directory, name)
  mkdirSync(path)
  chmodSync(path, mode)
  return path
}

test('a machine on which nothing can be measured exits 3 and says where to look', async () => {
  const tree = place('nothing')
  const { code, stdout } = await cli(['now', '--path.procfs', tree, '--path.sysfs', tree, '--path.rootfs', tree])
  expect(code).toBe(3)
  expect(stdout).toContain('No source can measure this machine')
  const doctor = await cli(['doctor', '--json', '--path.procfs', tree, '--path.sysfs', tree, '--path.rootfs', tree])
  expect(doctor.code).toBe(3)
  const states = JSON.parse(doctor.stdout).sources.map((source: { state: string }) => source.state)
  expect(states.pop()).toBe('broken')
  expect(new Set(states)).toEqual(new Set(['absent']))
})

test('where a permission is all that is missing the exit code is 4', async () => {
  const source = (state: SourceStatus['state']): SourceStatus => ({
    ...{ id: SourceId.parse('rapl'), title: '', state, domains: [], reason: 'So it is.', remedy: null },
    ...{ remedyText: null, lastReadS: null, faults: 0, cpuMsPerTick: 0 },
  })
  const served = (states: readonly SourceStatus['state'][]) => {
    const machine = { cpuModel: null, logicalCpus: 1, osName: null, virtualisation: null }
    const sources = { sources: states.map(source), machine, coverageTodayRatio: 0, findings: [], secretKeyPlace: null }
    return wirePair(fakeEngine({ sources: () => ok(sources) }).served).client
  }
  expect(await blindExit(served(['denied', 'broken']))).toBe(4)
  expect(await blindExit(served(['absent', 'hidden']))).toBe(3)
})

test('problems of the data directory are 5, of use 2, of permission 4, all others 1', () => {
  const codes = ['notWritable', 'diskFull', 'newer', 'locked', 'engineRunning', 'pathTooLong', 'notPrivate']
  for (const code of codes) expect(exitCodeOf(problem(code, '')), code).toBe(5)
  expect(['badInput', 'denied', 'failed', 'engineDown'].map((code) => exitCodeOf(problem(code, '')))).toEqual([
    2, 4, 1, 1,
  ])
})

test('an open directory with the files of others is refused before anything is put into it', async () => {
  const open = place('open', 0o755)
  writeFileSync(join(open, 'novel.txt'), '')
  const { code, stderr } = await cli(['service', '--data-dir', open])
  expect(code).toBe(5)
  expect(stderr).toContain(`To mend it: chmod 700 ${open}`)
  expect(readdirSync(open)).toEqual(['novel.txt'])
  expect(statSync(open).mode & 0o777).toBe(0o755)
})

test('a directory that everybody may write to is not closed to them, empty or not', async () => {
  const shared = place('shared', 0o1777)
  expect((await cli(['service', '--data-dir', shared])).code).toBe(5)
  expect(statSync(shared).mode & 0o7777).toBe(0o1777)
})

test('a data directory whose path no socket can have is refused with what to do', async () => {
  const { code, stderr } = await cli(['service', '--data-dir', join(directory, 'long'.repeat(30))])
  expect(code).toBe(5)
  expect(stderr).toContain('shorter path (--data-dir DIR)')
})

test('a history of a newer version is refused by reader and writer, and left as it is', async () => {
  const newer = join(directory, 'newer')
  expect((await cli(['simulate', 'rapl-laptop', '--data-dir', newer])).code).toBe(0)
  const db = new Database(join(newer, 'ledger.sqlite'))
  db.pragma('user_version = 9999')
  db.close()
  const before = statSync(join(newer, 'ledger.sqlite')).size
  const service = await cli(['service', '--data-dir', newer])
  expect([service.code, service.stderr]).toEqual([5, expect.stringContaining('newer Perwatt')])
  const history = await cli(['history', '--data-dir', newer])
  expect([history.code, history.stdout]).toEqual([5, ''])
  expect(statSync(join(newer, 'ledger.sqlite')).size).toBe(before)
})

test('a made-up machine is never played into a history that is there already', async () => {
  const kept = join(directory, 'kept')
  expect((await cli(['simulate', 'rapl-laptop', '--data-dir', kept])).code).toBe(0)
  const again = await cli(['simulate', 'rapl-laptop', '--data-dir', kept])
  expect([again.code, again.stderr]).toEqual([5, `perwatt: ${kept} holds a history already; name a new directory.\n`])
})

test('an engine that does not answer is told apart from none, within seconds', async () => {
  const stopped = join(directory, 'stopped')
  const service = startCli(['service', '--data-dir', stopped])
  await vi.waitFor(async () => expect((await attached(stopped)).ok).toBe(true), { timeout: 10_000 })
  service.kill('SIGSTOP')
  const { code, stderr } = await cli(['now', '--data-dir', stopped])
  service.kill('SIGCONT')
  expect([code, stderr]).toEqual([1, `perwatt: The engine of ${stopped} does not answer: it may be suspended.\n`])
  service.kill('SIGTERM')
  expect(await once(service, 'close')).toEqual([0, null])
})

async function attached(dataDir: string) {
  const answer = await attach(dataDir)
  if (answer.ok) answer.value.close()
  return answer
}

test('values that make no sense exit 2 and say what would', async () => {
  const refusals: readonly [string[], string][] = [
    [['history', '--since', 'yesterday'], '--since is a length such as 24h'],
    [['history', '--since', '1h', '--until', '2h'], '--since must lie before --until'],
    [['history', '--by', 'model'], '--by is one of app, domain, hour, day'],
    [['top', '--count', '0'], '--count is a whole number from 1'],
    [['record', '--for', 'ever'], '--for is a length such as 90s'],
    [['completions', 'bahs'], 'Did you mean bash?'],
    [['simulate'], 'needs RIG'],
    [['simulate', 'no-such-rig'], '--list names them'],
    [['run'], 'needs CMD'],
    [['dcotor'], 'Did you mean perwatt doctor?'],
    [['help', 'nwo'], 'Did you mean perwatt now?'],
  ]
  for (const [args, says] of refusals) {
    const { code, stdout, stderr } = await cli(
      [...args, '--data-dir', join(directory, 'unused')].slice(0, args[0] === 'run' ? 1 : undefined),
    )
    expect([code, stdout], args.join(' ')).toEqual([2, ''])
    expect(stderr).toContain(says)
  }
  expect(existsSync(join(directory, 'unused'))).toBe(false)
})
