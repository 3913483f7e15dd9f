import { describe, expect, test } from 'vitest'
import { AppId, ModelId } from '../../../contract/ids.ts'
import { type CountedHere, joinUsage } from '../../../engine/agents/join.ts'
import { RecentCalls } from '../../../engine/agents/recent-calls.ts'
import { RecentModels } from '../../../engine/agents/recent-models.ts'
import { remoteEnergy } from '../../../engine/agents/remote-energy.ts'
import { REMOTE_FIGURES } from '../../../engine/agents/remote-figures.ts'
import type { UsageRecord } from '../../../engine/agents/usage-record.ts'
import type { HeldModel } from '../../../engine/servers/servers.ts'

const AT_MS = Date.UTC(2026, 10, 25, 12)
const OLLAMA = AppId.parse('ollama')
const QWEN = { model: ModelId.parse('ollama/qwen3:8b'), app: OLLAMA, name: 'qwen3:8b', isRemote: false }
const NOBODY: CountedHere = { served: [], counts: () => false, calls: [] }

const record = (changes: Partial<UsageRecord> = {}): UsageRecord => ({
  agent: 'log-opencode',
  app: AppId.parse('opencode'),
  model: 'qwen3:8b',
  provider: 'ollama',
  where: 'local',
  isWhereTold: true,
  session: 's',
  project: 'p1',
  atMs: AT_MS,
  isTimeEstimate: false,
  durationMs: 4_000,
  requests: 1,
  isEstimate: false,
  input: 10,
  cacheRead: 100,
  cacheWrite: 5,
  output: 20,
  ...changes,
})

describe('a record of use', () => {
  test('that was computed elsewhere is remote output of its agent, the whole prompt with its cached part', () => {
    const cloud = record({ where: 'cloud', provider: 'anthropic', model: 'claude-sonnet-4-5' })
    expect(joinUsage(cloud, NOBODY)).toMatchObject({
      kind: 'output',
      output: {
        ...{ app: 'opencode', model: 'opencode/claude-sonnet-4-5', isRemote: true, project: 'p1', requests: 1 },
        ...{ promptTokens: 115, cachedTokens: 100, outputTokens: 20, estimatedTokens: 0, requestMj: 0 },
      },
    })
    expect(joinUsage(record({ where: 'lan' }), NOBODY)).toMatchObject({ output: { isRemote: true } })
  })

  test('that a server here counts brings its agent and project, and no tokens again', () => {
    expect(joinUsage(record(), { ...NOBODY, served: [QWEN], counts: () => true })).toEqual({
      ...{ kind: 'asker', request: null, agent: 'opencode', model: 'ollama/qwen3:8b', project: 'p1' },
    })
  })

  test('that the metering proxy has seen brings them to that request, by model and time', () => {
    const call = (beganMs: number, endedMs: number) => ({ id: 'r1', name: 'qwen3:8b', beganMs, endedMs })
    const seen = (beganMs: number, endedMs: number) =>
      joinUsage(record(), { ...NOBODY, served: [QWEN], calls: [call(beganMs, endedMs)] }).kind
    expect(seen(AT_MS - 4_100, AT_MS - 50)).toBe('asker')
    expect(seen(AT_MS - 60_000, AT_MS - 30_000)).toBe('output')
    expect(seen(AT_MS + 30_000, AT_MS + 60_000)).toBe('output')
    const other = { ...call(AT_MS - 1, AT_MS), name: 'llama3:8b' }
    expect(joinUsage(record(), { ...NOBODY, calls: [other] }).kind).toBe('output')
    expect(joinUsage(record(), { ...NOBODY, calls: [{ ...other, name: 'qwen3:8b' }] })).toMatchObject({ request: 'r1' })
  })

  test('that nobody counts is output of the app that serves the model, or of its agent where none is known', () => {
    expect(joinUsage(record(), { ...NOBODY, served: [QWEN] })).toMatchObject({
      output: { app: 'ollama', model: 'ollama/qwen3:8b', isRemote: false, outputTokens: 20 },
    })
    expect(joinUsage(record(), NOBODY)).toMatchObject({ output: { app: 'opencode', isRemote: false } })
  })

  test('whose log does not say where is local if a server here has its model, and not if that passes it on', () => {
    const unsaid = record({ where: 'cloud', isWhereTold: false, provider: null })
    expect(joinUsage(unsaid, { ...NOBODY, served: [QWEN] })).toMatchObject({
      output: { app: 'ollama', isRemote: false },
    })
    expect(joinUsage(unsaid, { ...NOBODY, served: [{ ...QWEN, isRemote: true }] })).toMatchObject({
      output: { app: 'opencode', isRemote: true },
    })
    expect(joinUsage({ ...unsaid, isWhereTold: true }, { ...NOBODY, served: [QWEN] })).toMatchObject({
      output: { isRemote: true },
    })
  })

  test('with estimated counts says so, and what is not told stays not told', () => {
    const estimated = joinUsage(record({ isEstimate: true, cacheRead: null, cacheWrite: null, requests: null }), NOBODY)
    expect(estimated).toMatchObject({
      output: { estimatedTokens: 20, promptTokens: 10, cachedTokens: null, requests: null },
    })
    expect(joinUsage(record({ model: null }), NOBODY)).toMatchObject({ output: { model: null } })
  })
})

test('metered requests are remembered for ten minutes after their end, by the name that came last', () => {
  const recent = new RecentCalls()
  const asker = { keyHash: null, personHash: null, uid: null, pid: null, exe: null }
  const unseen = { promptBytes: 0, promptMedia: 0, deltas: 0 }
  recent.note([
    { type: 'begin', id: '00', atMs: AT_MS, endpoint: '/api/chat', asker },
    { type: 'progress', id: '00', model: 'qwen3:8b', ...unseen },
    { type: 'progress', id: 'never began', model: 'x', ...unseen },
  ])
  const call = { id: '00', name: 'qwen3:8b', beganMs: AT_MS }
  expect(recent.calls(AT_MS + 700_000)).toEqual([{ ...call, endedMs: AT_MS + 700_000 }])
  recent.note([
    {
      ...{ type: 'end', id: '00', atMs: AT_MS + 800_000, model: null, isRemote: false, images: null, audioMs: null },
      ...{ promptTokens: 1, cachedTokens: 0, completionTokens: 1, tokensProvenance: 'exact', ...unseen, ttftMs: 1 },
      ...{ durationMs: 1, loadMs: null, status: 'done', httpStatus: 200 },
    },
  ])
  expect(recent.calls(AT_MS + 900_000)).toEqual([{ ...call, endedMs: AT_MS + 800_000 }])
  expect(recent.calls(AT_MS + 1_500_000)).toEqual([])
})

test('a model that its server has let go of is known for an hour', () => {
  const recent = new RecentModels()
  const held = { modelId: QWEN.model, app: OLLAMA, name: QWEN.name, isRemote: false } as HeldModel
  recent.note([held], AT_MS)
  recent.note([], AT_MS + 3_000_000)
  expect(recent.served()).toEqual([QWEN])
  recent.note([], AT_MS + 3_700_000)
  expect(recent.served()).toEqual([])
})

describe('remote energy', () => {
  const ON = { estimateRemote: true }

  test('is nothing unless it is switched on', () => {
    expect(remoteEnergy(record(), { estimateRemote: false })).toBeNull()
  })

  test('is each kind of token times its published figure, with the band', () => {
    const tokens = { input: 1_000, cacheRead: 10_000, cacheWrite: 100, output: 1_000, model: 'claude-sonnet-4-5' }
    expect(remoteEnergy(tokens, ON)).toEqual({ energyMj: 4_275_000, lowMj: 1_425_000, highMj: 9_975_000 })
    for (const model of ['claude-haiku-4-5', 'gpt-5-mini', 'gemini-3-flash-preview'])
      expect(remoteEnergy({ ...tokens, model }, ON)?.energyMj).toBe(855_000)
    expect(remoteEnergy({ ...tokens, model: 'gemini-3-pro' }, ON)?.energyMj).toBe(4_275_000)
  })

  test('is not known where no tokens are told, and its figures bear a date', () => {
    const none = { input: null, cacheRead: null, cacheWrite: null, output: null, model: null }
    expect(remoteEnergy(none, ON)).toBeNull()
    expect(REMOTE_FIGURES.asOf).toMatch(/^\d{4}-\d\d$/)
  })
})
