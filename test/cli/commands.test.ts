import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  CatalogueJson,
  DoctorJson,
  HistoryJson,
  NowJson,
  RecordJson,
  RigsJson,
  RunJson,
  SimulateJson,
  VersionJson,
} from '../../cli/shapes.ts'
import { attach } from '../../engine/socket/client.ts'
import { sources } from '../../engine/sources/registry.ts'
import { cli, startCli } from '../support/cli.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'perwatt-cli-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const place = (name: string) => join(directory, name)

describe('on a machine without an engine', () => {
  test('now measures by itself and prints one object of the published shape', async () => {
    const { code, stdout, stderr } = await cli(['now', '--json', '--data-dir', place('none')])
    expect([code, stderr]).toEqual([0, ''])
    const now = NowJson.parse(JSON.parse(stdout))
    expect(now.attached).toBe(false)
    expect(now.machine.powerW).toBeGreaterThan(0)
    expect(existsSync(place('none/ledger.sqlite'))).toBe(false)
  })

  test('doctor names every source with state, reason and remedy', async () => {
    const { code, stdout } = await cli(['doctor', '--json', '--data-dir', place('none')])
    const doctor = DoctorJson.parse(JSON.parse(stdout))
    expect(code).toBe(0)
    const here = sources.filter(({ platforms }) => platforms.includes('linux'))
    expect(doctor.sources.map((source) => source.id)).toEqual(here.map(({ id }) => id))
    for (const source of doctor.sources) expect(source.state === 'measuring' || source.reason !== null).toBe(true)
  })

  test('history says that there is none, and exits 5', async () => {
    const { code, stdout, stderr } = await cli(['history', '--data-dir', place('none')])
    expect([code, stdout]).toEqual([5, ''])
    expect(stderr).toContain('There is no history')
  })

  test('catalogue and version print their objects', async () => {
    CatalogueJson.parse(JSON.parse((await cli(['catalogue', '--json', '--data-dir', place('none')])).stdout))
    VersionJson.parse(JSON.parse((await cli(['version', '--json'])).stdout))
  })
})

describe('run', () => {
  const busy = [
    'node',
    '-e',
    'for (let i = 0, end = process.cpuUsage().user + 400e3; ++i % 1e6 || process.cpuUsage().user < end; );',
  ]

  test('measures the command’s CPU time and energy, and leaves stdout to it', async () => {
    const { code, stdout, stderr } = await cli(['run', '--json', '--', ...busy])
    expect([code, stdout]).toEqual([0, ''])
    const run = RunJson.parse(JSON.parse(stderr))
    expect(run.cpuMs).toBeGreaterThan(300)
    expect(run.cpuMs).toBeLessThan(1_000)
    expect(run.energyMj).toBeGreaterThan(0)
    expect(run.energyMj).toBeLessThanOrEqual(run.machineMj ?? 0)
    expect(run.domains.reduce((sum, domain) => sum + domain.machineMj, 0)).toBe(run.machineMj)
  })

  test('counts children that end before it does', async () => {
    const children = `for (let i = 0; i < 3; i++) require('child_process').execFileSync(process.execPath, ${JSON.stringify(busy.slice(1))})`
    const run = RunJson.parse(JSON.parse((await cli(['run', '--json', '--', 'node', '-e', children])).stderr))
    // They use 1,200 ms. Where other programs start hundreds of processes meanwhile, a child may live unseen, and then its credit is what
    // the tick in which it ended cannot explain otherwise (attribution: short-lived children). Without them there are some 60 ms.
    expect(run.cpuMs).toBeGreaterThan(600)
  })

  test('passes on the exit code, and 128 + the number of a signal', async () => {
    expect((await cli(['run', '--', 'sh', '-c', 'exit 7'])).code).toBe(7)
    expect((await cli(['run', '--', 'sh', '-c', 'kill -TERM $$'])).code).toBe(143)
  })

  test('writes the report to a file where one is named', async () => {
    const file = place('run.json')
    const { stdout, stderr } = await cli(['run', '--json', '--output', file, '--', 'echo', 'hello'])
    expect([stdout, stderr]).toEqual(['hello\n', ''])
    expect(RunJson.parse(JSON.parse(readFileSync(file, 'utf8'))).command).toEqual(['echo', 'hello'])
  })

  test('says that there is no such program with a shell’s own exit code', async () => {
    const { code, stderr } = await cli(['run', '--', 'no-such-program'])
    expect(code).toBe(127)
    expect(stderr).toContain('no-such-program')
  })
})

describe('simulate', () => {
  test('plays the laptop: each app within 1 % of the rig’s truth, conservation exact', async () => {
    const { code, stdout } = await cli(['simulate', 'rapl-laptop', '--json'])
    expect(code).toBe(0)
    const result = SimulateJson.parse(JSON.parse(stdout))
    expect(result.attributedMj + result.idleMj + result.otherMj).toBe(result.measuredMj)
    const apps = result.truth.filter((row) => row.what === 'app')
    expect(apps.map((row) => row.key).sort()).toEqual(['claude-code', 'ollama'])
    for (const row of apps) expect(Math.abs(row.measuredMj / row.trueMj - 1), row.key).toBeLessThan(0.01)
  })

  test('keeps the history where a data directory is named, for every other command', async () => {
    const dataDir = place('week')
    expect((await cli(['simulate', 'rapl-laptop', '--data-dir', dataDir])).code).toBe(0)
    const { stdout } = await cli([
      'history',
      '--json',
      '--by',
      'hour',
      '--since',
      '2026-11-16T08:00Z',
      '--until',
      '2026-11-16T10:00Z',
      '--data-dir',
      dataDir,
    ])
    const history = HistoryJson.parse(JSON.parse(stdout))
    expect(history.rows.length).toBe(2)
    expect(history.rows.reduce((sum, row) => sum + row.energyMj, 0)).toBe(history.attributedMj)
  })

  test('lists the shipped rigs', async () => {
    const { rigs } = RigsJson.parse(JSON.parse((await cli(['simulate', '--list', '--json'])).stdout))
    expect(rigs.map((rig) => rig.name)).toContain('busy-week')
    for (const rig of rigs) expect(existsSync(rig.file)).toBe(true)
  })

  test('names file, line and what was expected of a rig with an error', async () => {
    const file = place('bad.json')
    writeFileSync(
      file,
      '{\n  "title": "Bad",\n  "about": "x",\n  "start": "yesterday",\n  "duration": "1h",\n  "cpu": { "logicalCpus": 2 }\n}\n',
    )
    const { code, stderr } = await cli(['simulate', file])
    expect(code).toBe(2)
    expect(stderr).toMatch(/bad\.json:4.*start.*expected/)
  })
})

test('record writes a recording without anybody’s command line, and simulate plays it', async () => {
  const file = place('this.rec')
  const marked = startCli(['top', '--data-dir', place('MARKER-SECRET')])
  const { code, stdout } = await cli(['record', '--for', '3s', '--output', file, '--json'])
  marked.kill()
  expect(code).toBe(0)
  expect(RecordJson.parse(JSON.parse(stdout)).ticks).toBe(4)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).not.toContain('MARKER-SECRET')
  SimulateJson.parse(JSON.parse((await cli(['simulate', file, '--json'])).stdout))
  expect((await cli(['record', '--for', '1s', '--output', file])).code).toBe(1)
})

describe('beside a service', () => {
  test('commands attach to it, a second one is refused with 5, and SIGTERM ends it with 0 and nothing lost', async () => {
    const dataDir = place('served')
    const service = startCli(['service', '--data-dir', dataDir])
    const ended = new Promise<number | null>((resolve) => service.once('close', resolve))
    await whenServing(dataDir)
    const now = NowJson.parse(JSON.parse((await cli(['now', '--json', '--data-dir', dataDir])).stdout))
    expect(now.attached).toBe(true)
    const second = await cli(['service', '--data-dir', dataDir])
    expect(second.code).toBe(5)
    expect(second.stderr).toMatch(/another|already/i)
    expect(statSync(join(dataDir, 'engine.sock')).mode & 0o777).toBe(0o600)
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
    service.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(existsSync(join(dataDir, 'engine.sock'))).toBe(false)
    const history = HistoryJson.parse(
      JSON.parse((await cli(['history', '--json', '--since', '1h', '--data-dir', dataDir])).stdout),
    )
    expect(history.measuredMj).toBeGreaterThan(0)
  })
})

async function whenServing(dataDir: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const attached = await attach(dataDir)
    if (attached.ok) {
      attached.value.close()
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('The service never answered.')
}

describe('wrong use', () => {
  test('an unknown option is named, with the one that was meant, and exits 2', async () => {
    const { code, stderr } = await cli(['now', '--jsno'])
    expect(code).toBe(2)
    expect(stderr).toContain('--json')
  })

  test('an unknown command exits 2', async () => {
    expect((await cli(['nwo'])).code).toBe(2)
  })

  test('a data directory that cannot be written is refused with 5 and the reason', async () => {
    writeFileSync(place('file'), '')
    const { code, stderr } = await cli(['service', '--data-dir', place('file')])
    expect(code).toBe(5)
    expect(stderr).toContain(place('file'))
  })
})
