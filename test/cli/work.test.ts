import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isoTimeMs } from '../../cli/format.ts'
import {
  AppsJson,
  HistoryJson,
  JobsJson,
  ModelsJson,
  RequestJson,
  RequestsJson,
  RunJson,
  ServersJson,
  UsersJson,
} from '../../cli/shapes.ts'
import { outputJson } from '../../cli/work-view.ts'
import { attach } from '../../engine/socket/client.ts'
import { cli, startCli } from '../support/cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'perwatt-cli-work-'))
const dataDir = join(directory, 'played')
const RANGE = ['--since', '2026-11-16T08:00Z', '--until', '2026-11-16T10:00Z']
const here = (...args: string[]) => cli([...args, '--data-dir', dataDir])

beforeAll(async () => {
  expect((await here('simulate', 'llama-two-quantisations')).code).toBe(0)
}, 60_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function jsonOf(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await here(...args, '--json')
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

describe('over the history of two models, half of it metered', () => {
  test('apps, models, users and requests print objects of the published shapes, whose figures agree', async () => {
    const apps = AppsJson.strict().parse(await jsonOf('apps', ...RANGE))
    const models = ModelsJson.strict().parse(await jsonOf('models', ...RANGE))
    const users = UsersJson.strict().parse(await jsonOf('users', ...RANGE))
    const requests = RequestsJson.strict().parse(await jsonOf('requests', ...RANGE))
    expect(Date.parse(apps.from)).toBe(Date.UTC(2026, 10, 16, 8))
    expect([apps.to, models.from, models.to]).toEqual([models.to, apps.from, users.to])
    const [app] = apps.rows
    expect(app).toMatchObject({ id: 'llama-server', requests: 48, vpwu: null, reason: null })
    expect(app?.output.tokens).toBe(models.rows.reduce((sum, row) => sum + (row.output.tokens ?? 0), 0))
    expect(models.rows.reduce((sum, row) => sum + row.energyMj, 0)).toBeLessThanOrEqual(app?.energyMj ?? 0)
    expect(models.rows.map(({ isLoaded }) => isLoaded)).toEqual([null, null])
    const [ada, unknown] = users.rows
    expect(ada?.energyMj).toBe(requests.rows.reduce((sum, row) => sum + (row.energyMj ?? 0), 0))
    expect(unknown).toMatchObject({ id: 'unknown', energyMj: null, tokensPerJ: null, reason: 'not metered' })
    const history = HistoryJson.parse(await jsonOf('history', ...RANGE, '--by', 'hour'))
    expect(history.rows.reduce((sum, row) => sum + (row.output.tokens ?? 0), 0)).toBe(app?.output.tokens)
    expect([history.outputFrom, history.outputTo]).toEqual([apps.from, apps.to])
  })

  test('tables say what was not counted in words, and no figure without its unit', async () => {
    expect((await here('models', ...RANGE)).stdout).toMatch(/Qwen3-8B-Q8_0 +llama-server +\d+\.\d Wh +± \d+ %/)
    expect((await here('users', ...RANGE)).stdout).toMatch(/Unknown +unknown +not metered/)
    const { stdout } = await here('requests', ...RANGE, '--limit', '2')
    expect(stdout.split('\n').filter((line) => line.includes('/') || line.includes('Qwen'))).toHaveLength(2)
    expect(stdout).toContain('Only the newest 2; --limit shows more.')
  })

  test('one request is shown in full by its id, and one that is not kept is said to be so', async () => {
    const { rows } = RequestsJson.parse(await jsonOf('requests', ...RANGE, '--limit', '1'))
    const id = rows[0]?.id ?? ''
    expect(RequestJson.strict().parse(await jsonOf('requests', id))).toMatchObject({ id, completionTokens: 600 })
    expect((await here('requests', id)).stdout).toMatch(/Energy +\S+ (J|Wh) ± \d+ %, \S+ J a token/)
    const missing = await here('requests', '00ff')
    expect([missing.code, missing.stdout]).toEqual([1, ''])
    expect(missing.stderr).toContain('no longer kept')
  })

  test('requests are picked by app, model and user', async () => {
    const count = async (...only: string[]) =>
      RequestsJson.parse(await jsonOf('requests', ...RANGE, ...only)).rows.length
    expect(await count('--model', 'llama-server/Qwen3-8B-Q8_0')).toBe(24)
    expect(await count('--user', 'os/1000', '--app', 'llama-server')).toBe(48)
    expect(await count('--app', 'ollama')).toBe(0)
  })

  test('a name that is typed stands for its user until it is forgotten', async () => {
    expect((await here('users', 'name', 'os/1000', 'Ada Lovelace')).code).toBe(0)
    expect((await here('users', ...RANGE)).stdout).toContain('Ada Lovelace')
    expect((await here('users', 'forget-name', 'os/1000')).code).toBe(0)
    expect((await here('users', ...RANGE)).stdout).not.toContain('Ada')
    const unknown = await here('users', 'merge', 'os/404', 'os/1000')
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('no such user')])
  }, 30_000)

  test('wrong use is 2 and says what is right', async () => {
    for (const [args, said] of [
      [['users', 'merge', 'os/1'], 'merge ID INTO'],
      [['users', 'rename', 'os/1'], 'not "rename"'],
      [['requests', '--limit', '0'], '--limit'],
      [['requests', 'a', 'b'], 'one ID'],
      [['apps', '--since', 'now'], '--since'],
      [['servers', 'add', 'nowhere'], 'servers add URL'],
      [['servers', 'add', 'http://user:pw@host'], 'servers add URL'],
      [['unload', 'x', '--server', 'y'], '--server'],
    ] as const) {
      const { code, stderr } = await here(...args)
      expect([args, code]).toEqual([args, 2])
      expect(stderr).toContain(said)
    }
  }, 30_000)
})

test('where there is no history each says so with 5', async () => {
  for (const name of ['apps', 'models', 'users', 'requests', 'jobs']) {
    const { code, stderr } = await cli([name, '--data-dir', join(directory, 'none')])
    expect([name, code]).toEqual([name, 5])
    expect(stderr).toContain('There is no history')
  }
})

test('a run that is to be kept says where no engine takes it, and runs all the same', async () => {
  const { code, stderr } = await cli([
    'run',
    '--label',
    'x',
    '--data-dir',
    join(directory, 'none'),
    '--',
    'sh',
    '-c',
    'exit 4',
  ])
  expect(code).toBe(4)
  expect(stderr).toContain('The run is not kept')
})

describe('beside a service', () => {
  test('a labelled run becomes a job, a server is added and removed, its key out of sight', async () => {
    const served = join(directory, 'served')
    const service = startCli(['service', '--data-dir', served])
    const ended = new Promise<number | null>((resolve) => service.once('close', resolve))
    for (let tries = 0; tries < 200; tries++) {
      const attached = await attach(served)
      if (attached.ok) {
        attached.value.close()
        break
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const there = (...args: string[]) => cli([...args, '--data-dir', served])
    const labelled = ['run', '--json', '--label', 'lora on docs', '--data-dir', served, '--', 'sh', '-c', 'exit 3']
    const run = RunJson.parse(JSON.parse((await cli(labelled)).stderr))
    const { rows } = JobsJson.strict().parse(JSON.parse((await there('jobs', '--json')).stdout))
    expect(rows).toMatchObject([
      { id: run.job, label: 'lora on docs', kind: 'run', exitCode: 3, energyMj: run.energyMj },
    ])

    const keyFile = join(directory, 'key')
    writeFileSync(keyFile, 'sk-short\n', { mode: 0o600 })
    const added = await there('servers', 'add', 'http://127.0.0.1:9/v1/', '--name', 'Nothing', '--key-file', keyFile)
    expect([added.code, added.stderr]).toEqual([0, 'Done.\n'])
    const { servers } = ServersJson.strict().parse(JSON.parse((await there('servers', '--json')).stdout))
    const nothing = servers.find(({ origin }) => origin === 'http://127.0.0.1:9')
    expect(nothing).toMatchObject({ name: 'Nothing', isAdded: true, energy: 'elsewhere', models: [] })
    expect(nothing?.state).not.toBe('connected')
    expect(JSON.stringify(servers)).not.toContain('sk-short')
    expect((await there('unload', 'no-such-model')).stderr).toContain('No server holds no-such-model now')
    expect((await there('servers', 'remove', 'http://127.0.0.1:9')).code).toBe(0)
    expect((await there('servers', 'remove', 'http://127.0.0.1:9')).code).toBe(1)
    service.kill('SIGTERM')
    expect(await ended).toBe(0)
    const tail = await there('requests', '--tail')
    expect([tail.code, tail.stdout]).toEqual([1, ''])
  }, 60_000)
})

test('times of requests carry their milliseconds, and output from elsewhere is not output from here', () => {
  expect(Date.parse(isoTimeMs(1_763_283_600_007))).toBe(1_763_283_600_007)
  const told = {
    ...{ promptTokens: null, cachedTokens: null, estimatedTokens: 0, requests: 2, failedRequests: 0 },
    ...{ images: null, audioMs: null },
  }
  expect(outputJson({ ...told, outputTokens: 50, remoteTokens: 50 })).toMatchObject({ tokens: null, remoteTokens: 50 })
  expect(outputJson({ ...told, outputTokens: 50, remoteTokens: 20 })).toMatchObject({ tokens: 30, remoteTokens: 20 })
  expect(outputJson({ ...told, outputTokens: null, remoteTokens: 0 })).toMatchObject({
    tokens: null,
    remoteTokens: null,
  })
})
