import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { RunJson } from '../../cli/shapes.ts'
import { cli, startCli } from '../support/cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'perwatt-run-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** Two steps of the kernel's clock for begin and end, and what starting a process costs before it can look at itself. */
const TOLERANCE_MS = 60

test('the CPU time is the one that the command saw itself, from its first moment to its last', async () => {
  const file = join(directory, 'own.json')
  const script = `
    while (process.cpuUsage().user + process.cpuUsage().system < 600e3);
    require('fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.cpuUsage()))`
  const run = RunJson.parse(JSON.parse((await cli(['run', '--json', '--', process.execPath, '-e', script])).stderr))
  const own = JSON.parse(readFileSync(file, 'utf8'))
  expect(Math.abs(run.cpuMs - (own.user + own.system) / 1_000)).toBeLessThan(TOLERANCE_MS)
  expect(run.domains.reduce((sum, domain) => sum + domain.energyMj, 0)).toBe(run.energyMj)
  expect(run.averageW).toBeCloseTo((run.energyMj ?? 0) / run.durationMs, 6)
  expect(run.peakW).toBeGreaterThanOrEqual(run.averageW ?? 0)
})

test('a command that only waits is charged nearly nothing, whatever else runs', async () => {
  const run = RunJson.parse(JSON.parse((await cli(['run', '--json', '--', 'sleep', '0.5'])).stderr))
  expect(run.durationMs).toBeGreaterThan(500)
  expect(run.cpuMs).toBeLessThan(TOLERANCE_MS)
  expect(run.energyMj).toBeLessThan((run.machineMj ?? 0) / 5)
})

test('stdin, stdout and stderr are the command’s own, also where its words look like ours', async () => {
  const report = join(directory, 'io.txt')
  const child = startCli(['run', '--output', report, '--', 'sh', '-c', 'cat; echo err >&2', '--json'], {}, 'pipe')
  const heard = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (text) => {
      heard[name] += text
    })
  child.stdin?.end('typed')
  expect(await once(child, 'close')).toEqual([0, null])
  expect(heard).toEqual({ stdout: 'typed', stderr: 'err\n' })
  expect(readFileSync(report, 'utf8')).toContain('on average')
})

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s is the command’s to answer, and the report still comes',
  async (signal) => {
    const trap = `trap 'echo caught; exit 9' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`
    const report = join(directory, `${signal}.json`)
    const child = startCli(['run', '--json', '--output', report, '--', 'sh', '-c', trap])
    let stdout = ''
    child.stdout?.on('data', (text) => {
      stdout += text
    })
    await vi.waitFor(() => expect(stdout).toBe('ready\n'), { timeout: 10_000 })
    child.kill(signal)
    expect(await once(child, 'close')).toEqual([9, null])
    expect(stdout).toBe('ready\ncaught\n')
    expect(RunJson.parse(JSON.parse(readFileSync(report, 'utf8')))).toMatchObject({ exitCode: 9, signal: null })
  },
)

test('a command that a signal ended is reported with its name, and exits as a shell would', async () => {
  const { code, stderr } = await cli(['run', '--json', '--', 'sh', '-c', 'kill -KILL $$'])
  expect(code).toBe(137)
  expect(RunJson.parse(JSON.parse(stderr))).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
})

test('a file that is no program exits 126', async () => {
  const file = join(directory, 'text.txt')
  writeFileSync(file, 'no program', { mode: 0o644 })
  const { code, stderr } = await cli(['run', '--', file])
  expect([code, stderr]).toEqual([126, `perwatt: "${file}" may not be run by this account.\n`])
})

test('a report that cannot be written goes to stderr, and the exit code says so', async () => {
  const { code, stderr } = await cli(['run', '--output', directory, '--', 'true'])
  expect(code).toBe(1)
  expect(stderr).toContain('The report could not be written')
  expect(stderr).toContain('on average')
})
