import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { labJson } from '../../../cli/lab/lab-json.ts'
import { LabJson, LabsJson } from '../../../cli/shapes.ts'
import type { PerwattHandlers } from '../../../contract/index.ts'
import { ok } from '../../../contract/result.ts'
import type { ServerStatus } from '../../../contract/servers.ts'
import { judge } from '../../../engine/lab/judge.ts'
import { NEUTRAL_PROMPTS } from '../../../engine/lab/neutral-prompts.ts'
import { cellsOf } from '../../../engine/lab/plan.ts'
import type { Run } from '../../../engine/lab/run.ts'
import { listenOnSocket } from '../../../engine/socket/server.ts'
import { cli, startCli } from '../../support/cli.ts'
import { fakeEngine } from '../../support/fake-engine.ts'
import { labModel, runFigures } from '../../support/lab.ts'
import { serverDouble } from '../../support/server-double.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'perwatt-lab-'))
  chmodSync(dataDir, 0o700)
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

async function serve(handlers: Partial<PerwattHandlers>): Promise<() => Promise<void>> {
  const socket = await listenOnSocket(dataDir, {
    served: fakeEngine(handlers).served,
    hello: { version: 'test', pid: 1, startedS: 1_790_000_000, protocol: 1 },
    onBug: (where, error) => {
      throw new Error(`${where}: ${String(error)}`)
    },
  })
  if (!socket.ok) throw new Error(socket.reason)
  return () => socket.value.close('The test is over.')
}

function status(origin: string, fields: Partial<ServerStatus> = {}): ServerStatus {
  return {
    ...{
      id: origin,
      origin,
      app: 'ollama' as never,
      name: 'Ollama',
      connector: 'ollama',
      title: 'Ollama',
      version: null,
    },
    ...{ state: 'connected', reason: null, remedy: null, remedyText: null, isAdded: false, energy: 'measured' },
    ...{ counts: 'proxyOnly', models: [], inFlight: 0, waiting: 0, canUnload: true, lastAnswerS: null, meter: null },
    behind: null,
    ...fields,
  }
}

const TAGS = JSON.stringify({
  models: [
    { name: 'qwen3:8b-q4_K_M', details: { quantization_level: 'Q4_K_M' } },
    { name: 'qwen3:8b-q8_0', details: { quantization_level: 'Q8_0' } },
  ],
})
const SPOKEN = '{"message":{"content":"Yes"},"done":false}\n{"done":true,"prompt_eval_count":5,"eval_count":2}\n'

/** A lab whose J/token are 0.3 and 0.42. */
function whole(): LabJson {
  const models = [
    labModel('qwen3:8b-q4_K_M', { quantisation: 'Q4_K_M' }),
    labModel('=qwen3,"8b"<q8>', { quantisation: 'Q8_0' }),
  ]
  const cells = cellsOf(models, [{ concurrency: 1, contextTokens: null }])
  const runs = [0, 1, 2, 3, 4].flatMap((block): Run[] => [
    { cell: 0, block, ok: true, figures: runFigures(0.3 + block / 1_000) },
    { cell: 1, block, ok: true, figures: runFigures(0.42 + block / 1_200, { durationMs: 30_000 }) },
    { cell: 1, block, ok: false, fault: 'disturbed', reason: 'busy' },
  ])
  return LabJson.parse(
    labJson(
      { cells, prompts: NEUTRAL_PROMPTS, seed: 1, budgetMs: 1, targetRatio: 0.05 },
      { runs, judgement: judge(cells, runs), end: 'narrow', problem: null },
      { startedS: 1_790_000_000, durationMs: 600_000 },
    ),
  )
}

function keep(lab: LabJson): void {
  mkdirSync(join(dataDir, 'lab'))
  writeFileSync(join(dataDir, 'lab', `${lab.id}.json`), JSON.stringify(lab))
}

describe('a lab that was kept', () => {
  test('is listed, and shown as a table with its answer, ± and the front', async () => {
    const lab = whole()
    keep(lab)
    const listed = LabsJson.parse(JSON.parse((await cli(['lab', 'list', '--json', '--data-dir', dataDir])).stdout))
    expect(listed.labs).toMatchObject([{ id: lab.id, prompts: 'neutral', conclusions: lab.conclusions }])
    const { code, stdout } = await cli(['lab', 'show', lab.id, '--data-dir', dataDir])
    expect(code).toBe(0)
    expect(stdout).toContain('qwen3:8b-q4_K_M takes the least energy per token: 28 % less than')
    expect(stdout).toMatch(
      /A {2}qwen3:8b-q4_K_M +Q4_K_M +Ollama +50\.0 +0\.302 +± 6 % +0\.10 s +2\.0 W +5 +least energy per token/,
    )
    expect(stdout).toMatch(/B .* 5 \(5 discarded\) {2}\+40 % per token \(39 % to 40 %\)/)
    expect(stdout).toMatch(/\[A\]/)
    expect(stdout).toContain('Ended after 10 min 0 s: every comparison is known to ± 5 %.')
    expect(JSON.parse((await cli(['lab', 'show', lab.id, '--json', '--data-dir', dataDir])).stdout)).toEqual(lab)
  })

  test('goes to CSV and HTML, where no name of a model is a formula or a tag', async () => {
    const lab = whole()
    keep(lab)
    const place = (name: string) => join(dataDir, name)
    for (const name of ['lab.csv', 'lab.html'])
      expect((await cli(['lab', 'show', lab.id, '--output', place(name), '--data-dir', dataDir])).code).toBe(0)
    const csv = readFileSync(place('lab.csv'), 'utf8').split('\r\n')
    expect(csv[0]).toMatch(/^model,quantisation,engine,/)
    expect(csv[2]).toMatch(/^"'=qwen3,""8b""<q8>",Q8_0,Ollama,/)
    const html = readFileSync(place('lab.html'), 'utf8')
    expect(html).toContain('=qwen3,&quot;8b&quot;&lt;q8&gt;')
    expect(html).not.toContain('<q8>')
    expect(html).not.toMatch(/https?:|NaN|undefined/)
    expect(html.match(/<circle /g)).toHaveLength(2)
  })

  test('holds no text of a prompt', () => {
    const text = JSON.stringify(whole())
    for (const prompt of NEUTRAL_PROMPTS.prompts) expect(text).not.toContain(prompt.text.slice(0, 12))
  })

  test('that cannot be read is told by its file, and the others are listed', async () => {
    keep(whole())
    writeFileSync(join(dataDir, 'lab', '2026-01-01-000000.json'), '{"schema": "perw')
    const { code, stdout, stderr } = await cli(['lab', 'list', '--data-dir', dataDir])
    expect(code).toBe(1)
    expect(stdout).toContain(whole().id)
    expect(stderr).toContain('2026-01-01-000000.json:1:12')
  })

  test('is not there under a name that leads elsewhere', async () => {
    const { code, stderr } = await cli(['lab', 'show', '../settings', '--data-dir', dataDir])
    expect(code).toBe(1)
    expect(stderr).toContain('There is no lab "../settings"')
  })
})

test.each([
  [[], /needs --models A,B/],
  [['--models', 'a', '--concurrency', '0'], /from 1 to 64/],
  [['--models', 'a', '--minutes', 'long'], /--minutes is a number/],
  [['--models', 'a', '--output', 'lab.xlsx'], /\.csv, \.html or \.json/],
  [['--models', 'a', '--prompts', '/no/such.json'], /cannot be read \(ENOENT\)/],
  [['--models', 'a,b,c,d,e', '--concurrency', '1,2,3,4,5'], /more than 24/],
  [['shows'], /perwatt lab list/],
])('%j is wrong use', async (args, reason) => {
  const { code, stderr } = await cli(['lab', ...args, '--data-dir', dataDir])
  expect(code).toBe(2)
  expect(stderr).toMatch(reason)
})

describe('with a server of this machine', () => {
  test('a model that it has not is refused, and those that there are named', async () => {
    const server = await serverDouble({ 'GET /api/tags': TAGS })
    const stop = await serve({ findServers: () => ok({ servers: [status(server.origin)] }) })
    const { code, stderr } = await cli(['lab', '--models', 'llama3', '--data-dir', dataDir])
    expect(code).toBe(1)
    expect(stderr).toContain('has a model "llama3". There is: qwen3:8b-q4_K_M, qwen3:8b-q8_0.')
    await stop()
  })

  test('whose processes are not seen it says so, and measures nothing', async () => {
    const stop = await serve({
      findServers: () => ok({ servers: [status('http://127.0.0.1:9', { energy: 'elsewhere', app: null })] }),
    })
    const { code, stderr } = await cli(['lab', '--models', 'llama3', '--data-dir', dataDir])
    expect(code).toBe(1)
    expect(stderr).toContain('Ollama: its processes are not seen, so its energy is unknown here')
    await stop()
  })

  test('that refuses the model the reason is told, and nothing is kept', async () => {
    const server = await serverDouble({ 'GET /api/tags': TAGS, 'POST /api/chat': { status: 500, body: '{}' } })
    const stop = await serve({ findServers: () => ok({ servers: [status(server.origin)] }) })
    const { code, stdout, stderr } = await cli(['lab', '--models', 'qwen3:8b-q8_0', '--data-dir', dataDir])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('answered with status 500 for qwen3:8b-q8_0')
    expect(readdirSync(dataDir)).not.toContain('lab')
    await stop()
  })

  test('Ctrl-C ends it cleanly', async () => {
    const server = await serverDouble({ 'GET /api/tags': TAGS, 'POST /api/chat': SPOKEN })
    const marked = Promise.withResolvers<void>()
    const stop = await serve({
      findServers: () => ok({ servers: [status(server.origin)] }),
      servers: () => ok({ servers: [status(server.origin)] }),
      markEnergy: () => {
        marked.resolve()
        return ok({ atMs: 1 })
      },
    })
    const child = startCli(['lab', '--models', 'qwen3:8b-q4_K_M,qwen3:8b-q8_0', '--data-dir', dataDir])
    let stderr = ''
    child.stderr?.on('data', (chunk) => {
      stderr += chunk
    })
    await marked.promise
    child.kill('SIGINT')
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code).toBe(130)
    expect(stderr).toContain('Interrupted before anything was measured.')
    expect(JSON.parse(server.posted['/api/chat'] ?? '')).toMatchObject({ options: { num_predict: 8 } })
    await stop()
  })
})
