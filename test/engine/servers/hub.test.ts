import { describe, expect, test } from 'vitest'
import { AppId, ModelId } from '../../../contract/ids.ts'
import type { AddedServer } from '../../../contract/servers.ts'
import { openaiCompatible } from '../../../engine/connectors/openai-compatible.ts'
import { loadedModel } from '../../../engine/connectors/server-words.ts'
import { createServers, type HubParts, type ServingApp } from '../../../engine/servers/hub.ts'
import type { Servers } from '../../../engine/servers/servers.ts'
import { counted, ScriptedServer, told } from './scripted-server.ts'
import { ServingMachine } from './serving-machine.ts'

const OLLAMA = AppId.parse('ollama')
const apps = {
  ollama: { name: 'Ollama', dialects: ['ollama', 'openai-compatible'], ports: [11_434] },
  swap: { name: 'llama-swap', dialects: ['swap'], ports: [8_080] },
  inner: { name: 'llama-server', dialects: ['inner'], ports: [8_080] },
  any: { name: 'Any', dialects: ['openai-compatible'], ports: [8_000] },
} satisfies Record<string, ServingApp>
const LOOPBACK = { 11434: '0100007F:2CAA', 8080: '0100007F:1F90', 5800: '0100007F:16A8', 5801: '0100007F:16A9' }
const models = '{"object":"list","data":[{"id":"qwen3-8b"}]}'

function machineWith(more: Partial<HubParts> = {}) {
  const machine = new ServingMachine()
  const servers = createServers(machine.parts(apps, { connectors: [openaiCompatible], ...more }))
  return { machine, servers, run: (ticks: number, busy: readonly AppId[] = []) => run(machine, servers, ticks, busy) }
}

async function run(machine: ServingMachine, servers: Servers, ticks: number, busy: readonly AppId[]): Promise<void> {
  for (let tick = 0; tick < ticks; tick += 1) {
    servers.tick(new Set(busy))
    await servers.pending()
    machine.clock.advance(1_000)
  }
}

/** Scripted servers answer to whoever asks in their dialect, wherever it is. */
function scripted(...ids: readonly string[]) {
  const scripts = ids.map((id) => new ScriptedServer(id))
  return { scripts, connectors: scripts.map(({ connector }) => connector) }
}

describe('a server of an app', () => {
  test('is found where its process really listens, and asked nowhere else', async () => {
    const { machine, servers, run } = machineWith()
    machine.run(10, 'ollama', ['0100007F:2CAB'])
    machine.answers.set('http://127.0.0.1:11435/v1/models', models)
    await run(2)
    expect(servers.views()).toMatchObject([
      { id: 'http://127.0.0.1:11435', app: 'ollama', name: 'Ollama', state: 'connected', energy: 'measured' },
    ])
    expect(servers.models()).toMatchObject([{ modelId: 'ollama/qwen3-8b', name: 'qwen3-8b' }])
    expect(machine.asked.every((url) => url.startsWith('http://127.0.0.1:11435/'))).toBe(true)
    expect(servers.appAt('http://127.0.0.1:11435')).toBe('ollama')
    expect(servers.takeChanged()).toBe(true)
    expect(servers.takeChanged()).toBe(false)
  })

  test('that listens on no address of the loopback is not asked', async () => {
    const { machine, servers, run } = machineWith()
    machine.run(10, 'ollama', ['0101A8C0:2CAA'])
    await run(2)
    expect(servers.views()).toEqual([])
    expect(machine.asked).toEqual([])
  })

  test('goes with its process, and is another one when its port is taken anew', async () => {
    const { machine, servers, run } = machineWith()
    machine.answers.set('http://127.0.0.1:11434/v1/models', models)
    machine.run(10, 'ollama', [LOOPBACK[11434]])
    await run(2)
    machine.end(10)
    await run(6)
    expect(servers.views()).toEqual([])
    expect(servers.models()).toEqual([])
    expect(servers.takeChanged()).toBe(true)
    machine.run(11, 'any', [LOOPBACK[11434]])
    await run(6)
    expect(servers.views()).toMatchObject([{ id: 'http://127.0.0.1:11434', app: 'any' }])
  })

  test('is found later, where it listens only once it has loaded', async () => {
    const { machine, servers, run } = machineWith()
    machine.answers.set('http://127.0.0.1:11434/v1/models', models)
    machine.run(10, 'ollama', [])
    await run(2)
    expect(servers.views()).toEqual([])
    machine.run(10, 'ollama', [LOOPBACK[11434]])
    await run(61)
    expect(servers.views()).toMatchObject([{ state: 'connected' }])
  })

  test('of an app that serves nothing is not looked for', async () => {
    const { machine, servers, run } = machineWith()
    machine.run(10, 'aider', [LOOPBACK[11434]])
    await run(10)
    expect(servers.views()).toEqual([])
    expect(machine.calls.list).toBe(0)
  })

  test('below it in foreign dialects is asked nothing: the runner of Ollama is no second server', async () => {
    const { machine, servers, run } = machineWith()
    machine.answers.set('http://127.0.0.1:11434/v1/models', models)
    machine.answers.set('http://127.0.0.1:5800/v1/models', models)
    machine.run(10, 'ollama', [LOOPBACK[11434]])
    machine.run(11, 'ollama', [LOOPBACK[5800]], 10)
    await run(3)
    expect(machine.asked.filter((url) => url.includes(':5800'))).toEqual([])
    expect(servers.models()).toHaveLength(1)
  })
})

describe('our own metering proxy', () => {
  test('is never asked, neither where it is found nor where somebody added it', async () => {
    const own = 'http://127.0.0.1:11434'
    const added: AddedServer[] = [
      { origin: own, name: 'mine' },
      { origin: 'http://localhost:11434', name: 'mine, too' },
    ]
    const { machine, servers, run } = machineWith({ ownOrigins: () => [own], added: () => added })
    machine.answers.set(`${own}/v1/models`, models)
    machine.run(10, 'any', [LOOPBACK[11434]])
    await run(70)
    expect(machine.asked).toEqual([])
    expect(servers.views()).toEqual([])
  })
})

describe('two servers behind a front end', () => {
  async function behindSwap() {
    const { scripts, connectors } = scripted('swap', 'inner')
    const [swap, inner] = scripts as [ScriptedServer, ScriptedServer]
    const { machine, servers, run } = machineWith({ connectors })
    swap.upstreams.push('http://127.0.0.1:5800', 'http://127.0.0.1:5801')
    swap.answer = counted(0, { inFlight: 1 })
    inner.answer = counted(0, { inFlight: 1 })
    machine.run(10, 'swap', [LOOPBACK[8080]])
    machine.run(20, 'inner', [LOOPBACK[5800]])
    machine.run(21, 'inner', [LOOPBACK[5801]])
    await run(2)
    servers.takeOutput()
    return { swap, inner, servers, run }
  }
  const sumOf = (servers: Servers) => servers.takeOutput().reduce((sum, one) => sum + (one.outputTokens ?? 0), 0)

  test('count for themselves, and the front end not once more', async () => {
    const { swap, inner, servers, run } = await behindSwap()
    swap.answer = counted(80, { inFlight: 1 })
    inner.answer = counted(40, { inFlight: 1 })
    await run(1)
    expect(sumOf(servers)).toBe(80)
    expect(servers.views().map(({ behind }) => behind)).toEqual([
      null,
      'http://127.0.0.1:8080',
      'http://127.0.0.1:8080',
    ])
  })

  test('are counted by the front end where they do not count', async () => {
    const { swap, inner, servers, run } = await behindSwap()
    swap.answer = counted(80, { inFlight: 1 })
    inner.answer = told({ counts: 'off', inFlight: 1 })
    await run(1)
    expect(sumOf(servers)).toBe(80)
  })

  test('are counted once where only one of them counts', async () => {
    const { scripts, connectors } = scripted('swap', 'inner', 'ollama')
    const [swap, inner, silent] = scripts as [ScriptedServer, ScriptedServer, ScriptedServer]
    const { machine, servers, run } = machineWith({ connectors })
    swap.upstreams.push('http://127.0.0.1:5800', 'http://127.0.0.1:5801')
    silent.answer = told({ counts: 'proxyOnly', inFlight: 1 })
    swap.answer = counted(0, { inFlight: 1 })
    inner.answer = counted(0, { inFlight: 1 })
    machine.run(10, 'swap', [LOOPBACK[8080]])
    machine.run(20, 'inner', [LOOPBACK[5800]])
    machine.run(21, 'ollama', [LOOPBACK[5801]])
    await run(2)
    servers.takeOutput()
    swap.answer = counted(80, { inFlight: 1 })
    inner.answer = counted(50, { inFlight: 1 })
    await run(1)
    expect(sumOf(servers)).toBe(80)
  })
})

describe('an added server', () => {
  const elsewhere: AddedServer = { origin: 'http://127.0.0.1:9999', name: 'Workstation' }

  test('is asked with its key, and its energy is not known here', async () => {
    const keys = new Map([[elsewhere.origin, 'secret-1']])
    const { machine, servers, run } = machineWith({
      added: () => [elsewhere],
      keyOf: (origin) => keys.get(origin) ?? null,
    })
    machine.answers.set(`${elsewhere.origin}/v1/models`, models)
    await run(1)
    expect(machine.keys).toEqual(machine.asked.map(() => 'Bearer secret-1'))
    expect(servers.views()).toMatchObject([
      { name: 'Workstation', app: null, isAdded: true, state: 'connected', energy: 'elsewhere' },
    ])
    expect(JSON.stringify(servers.views())).not.toContain('secret-1')
    const [model] = servers.models()
    expect(model).toMatchObject({ app: 'elsewhere/127.0.0.1:9999', isRemote: true })
    expect(servers.appAt(elsewhere.origin)).toBe('elsewhere/127.0.0.1:9999')
  })

  test('without its key is asked again once it has one', async () => {
    let key: string | null = null
    const { machine, servers, run } = machineWith({ added: () => [elsewhere], keyOf: () => key })
    machine.answers.set(`${elsewhere.origin}/v1/models`, { status: 401, body: 'no' })
    await run(1)
    expect(servers.views()).toMatchObject([{ state: 'denied', remedyText: 'Settings › Servers' }])
    key = 'secret-1'
    machine.answers.set(`${elsewhere.origin}/v1/models`, models)
    await servers.find()
    expect(servers.views()).toMatchObject([{ state: 'connected' }])
  })

  test('whose process is found here is that process’s, and its own again when the process ends', async () => {
    const { machine, servers, run } = machineWith({ added: () => [{ origin: 'http://127.0.0.1:11434', name: 'Mine' }] })
    machine.answers.set('http://127.0.0.1:11434/v1/models', models)
    machine.run(10, 'ollama', [LOOPBACK[11434]])
    await run(2)
    expect(servers.views()).toMatchObject([{ app: 'ollama', energy: 'measured' }])
    machine.end(10)
    await run(6)
    expect(servers.views()).toMatchObject([{ app: null, name: 'Mine', energy: 'elsewhere' }])
  })

  test('that was taken away is gone with the next look', async () => {
    const added = [elsewhere]
    const { machine, servers, run } = machineWith({ added: () => added })
    machine.answers.set(`${elsewhere.origin}/v1/models`, models)
    await run(1)
    added.pop()
    await servers.find()
    expect(servers.views()).toEqual([])
  })
})

describe('what servers of one app tell', () => {
  async function single() {
    const { scripts, connectors } = scripted('ollama')
    const [script] = scripts as [ScriptedServer]
    const { machine, servers, run } = machineWith({ connectors })
    machine.run(10, 'ollama', [LOOPBACK[11434]])
    return { script, servers, run }
  }

  test('goes to the only model where the server counts for all alike, and to none where it holds several', async () => {
    const { script, servers, run } = await single()
    const all = (outputTokens: number, ...names: string[]) => {
      const report = counted(outputTokens, { inFlight: 1, models: names.map((name) => loadedModel(name)) })
      return { ...report, totals: report.totals.map((one) => ({ ...one, model: null })) }
    }
    script.answer = all(0, 'qwen')
    await run(1)
    script.answer = all(10, 'qwen')
    await run(1)
    expect(servers.takeOutput()).toMatchObject([{ app: 'ollama', model: 'ollama/qwen', outputTokens: 10 }])
    expect(servers.takeOutput()).toEqual([])
    script.answer = all(25, 'qwen', 'phi')
    await run(1)
    expect(servers.takeOutput()).toMatchObject([{ model: null, outputTokens: 15 }])
  })

  test('makes the app idle after two quiet looks of all of them', async () => {
    const { script, servers, run } = await single()
    script.answer = told({ inFlight: 1 })
    await run(3)
    expect(servers.idleApps()).toEqual([])
    script.answer = told()
    await run(2)
    expect(servers.idleApps()).toEqual([OLLAMA])
    expect(servers.counts(OLLAMA)).toBe(true)
  })

  test('is a model that can be let go of, under the name of its history', async () => {
    const { script, servers, run } = await single()
    await run(1)
    const [model] = servers.models()
    expect(await servers.unload('http://127.0.0.1:11434', model?.modelId ?? ModelId.parse('x/y'))).toMatchObject({
      ok: true,
    })
    expect(script.unloaded).toEqual(['qwen'])
    expect(await servers.unload('http://127.0.0.1:11434', ModelId.parse('ollama/none'))).toMatchObject({
      code: 'unknownModel',
    })
    expect(await servers.unload('http://127.0.0.1:1', ModelId.parse('ollama/qwen'))).toMatchObject({
      code: 'unknownServer',
    })
  })
})

test('nothing is asked any more after the end', async () => {
  const { machine, servers, run } = machineWith()
  machine.answers.set('http://127.0.0.1:11434/v1/models', models)
  machine.run(10, 'ollama', [LOOPBACK[11434]])
  await run(2)
  servers.close()
  expect(servers.views()).toEqual([])
  expect(servers.pending()).toBeNull()
})
