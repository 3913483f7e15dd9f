import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AgentHome, sumsByModel } from './agent-home.ts'
import { CLAUDE_LOG, claudeLine } from './claude-lines.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures/logs')
const TASK = '/home/ada/.config/Cursor/User/globalStorage/kilocode.kilo-code/tasks/7'

function fixture(path: string): string {
  return readFileSync(join(FIXTURES, path), 'utf8')
}

describe('Cline and its kin', () => {
  const message = (ts: number, used: unknown, say = 'api_req_started') => ({
    ts,
    type: 'say',
    say,
    text: JSON.stringify(used),
  })
  const used = (tokensOut: number) => ({ tokensIn: 10, tokensOut, cacheReads: 0, cacheWrites: 0 })
  const T = 1_793_610_000_000

  test('count deleted requests only as far as they were not counted while they were there', () => {
    const home = new AgentHome()
    const path = `${TASK}/ui_messages.json`
    home.files.write(path, JSON.stringify([message(T, used(5)), message(T + 1, used(6)), message(T + 2, {})]))
    home.look()
    home.files.rewrite(
      path,
      JSON.stringify([
        message(T, used(5)),
        message(T + 3, { ...used(6 + 7), tokensIn: 20 }, 'deleted_api_reqs'),
        message(T + 4, used(8)),
      ]),
    )
    home.look()
    expect(home.records.reduce((sum, { output }) => sum + (output ?? 0), 0)).toBe(5 + 6 + 7 + 8)
    expect(home.records[0]).toMatchObject({ app: 'kilo-code', agent: 'log-cline' })
  })

  test('take what a torn document shows, and the rest when it is whole again', () => {
    const home = new AgentHome()
    home.files.write(`${TASK}/ui_messages.json`, fixture('cline/ui_messages.torn.json'))
    home.look()
    home.files.rewrite(`${TASK}/ui_messages.json`, fixture('cline/ui_messages.json'))
    home.look()
    expect(sumsByModel(home.records).unknown).toMatchObject({ input: 2_400, output: 345, cacheRead: 9_000 })
  })

  test('name the model that the task used by then', () => {
    const home = new AgentHome()
    home.files.write(
      `${TASK}/task_metadata.json`,
      JSON.stringify({ model_usage: [{ ts: T - 1, model_id: 'qwen3:8b', model_provider_id: 'ollama' }] }),
    )
    home.files.write(`${TASK}/ui_messages.json`, JSON.stringify([message(T, used(5))]))
    home.look()
    expect(home.records).toMatchObject([{ model: 'qwen3:8b', provider: 'ollama', where: 'local' }])
  })
})

describe('where it was computed', () => {
  test('is told by the provider, or by the address that the agent is set to', () => {
    const home = new AgentHome()
    home.files.write('/home/ada/.codex/sessions/2026/11/02/rollout-1.jsonl', fixture('codex/local-oss.jsonl'))
    home.look()
    expect(home.records).toMatchObject([{ where: 'local', isWhereTold: true, model: 'gpt-oss:20b' }])
  })

  test('is the address of the configuration where a provider has one', () => {
    const home = new AgentHome()
    home.files.write(
      '/home/ada/.codex/config.toml',
      '[model_providers.mine]\nbase_url = "http://192.168.1.7:8000/v1" # the tower\n[other]\nbase_url = "http://x"',
    )
    home.files.write(
      '/home/ada/.codex/sessions/rollout-1.jsonl',
      fixture('codex/local-oss.jsonl').replace('"ollama"', '"mine"'),
    )
    home.files.write('/home/ada/.claude/settings.json', '{"env":{"ANTHROPIC_BASE_URL":"http://localhost:11434"}}')
    home.files.write(
      CLAUDE_LOG,
      claudeLine({ id: 'a', output: 1, model: 'qwen3-coder:30b' }) +
        claudeLine({ id: 'b', output: 1, model: 'kimi-k2:1t-cloud' }),
    )
    home.look()
    expect(home.records.map(({ model, where }) => [model, where])).toEqual([
      ['qwen3-coder:30b', 'local'],
      ['kimi-k2:1t-cloud', 'cloud'],
      ['gpt-oss:20b', 'lan'],
    ])
  })

  test("is assumed to be a data centre where nothing says so, and known where the model is its maker's", () => {
    const home = new AgentHome()
    home.files.write(
      CLAUDE_LOG,
      claudeLine({ id: 'a', output: 1, model: 'qwen3-coder:30b' }) + claudeLine({ id: 'b', output: 1 }),
    )
    home.look()
    expect(home.records.map(({ where, isWhereTold }) => [where, isWhereTold])).toEqual([
      ['cloud', false],
      ['cloud', true],
    ])
  })
})

test("aider's exact log is read instead of its rounded histories", () => {
  const home = new AgentHome()
  home.files.write('/home/ada/.aider.conf.yml', 'model: x\nanalytics-log: ~/aider.jsonl  # mine\n')
  home.files.write('/home/ada/aider.jsonl', fixture('aider/analytics.jsonl'))
  home.files.write('/home/ada/.aider/installs.json', '{}')
  home.files.write('/home/ada/shop/.aider.chat.history.md', fixture('aider/sample.chat.history.md'))
  home.look()
  expect(sumsByModel(home.records)).toEqual({
    REDACTED: { requests: 1, input: 4_213, cacheRead: 0, cacheWrite: 0, output: 512 },
    'claude-sonnet-4-5': { requests: 1, input: 15_230, cacheRead: 0, cacheWrite: 0, output: 640 },
  })
  expect(home.records[0]).toMatchObject({ where: 'local', isEstimate: false, atMs: 1_793_610_042_000 })
})

test("Copilot's journal is left alone where its spans were written in the same hours", () => {
  const home = new AgentHome()
  home.files.write('/home/ada/.copilot/otel/1.jsonl', fixture('copilot-cli/sample.jsonl'))
  home.files.write('/home/ada/.copilot/session-state/cc/events.jsonl', fixture('copilot-cli/events.jsonl'))
  home.look()
  expect(Object.keys(sumsByModel(home.records))).toEqual(['gpt-5.2'])
})

test('nothing of what logs hold is kept, told or said: no prompt, answer, title, path or branch', () => {
  const home = new AgentHome()
  const marked = (text: string) =>
    text
      .replaceAll(/\[(prompt|text|title|answer|omitted|notice|summary)[^\]"]*\]/g, 'CANARY-content')
      .replaceAll('/home/ada/shop', '/home/ada/CANARY-folder')
      .replaceAll('"gitBranch":"main"', '"gitBranch":"CANARY-branch"')
  const places: Readonly<Record<string, string>> = {
    '.claude/projects/-home-ada-CANARY-folder/1.jsonl': 'claude-code/sample.jsonl',
    '.codex/sessions/CANARY-folder/rollout-1.jsonl': 'codex/sample.jsonl',
    '.gemini/tmp/CANARY-folder/chats/1.jsonl': 'gemini-cli/sample.jsonl',
    '.gemini/tmp/CANARY-folder/chats/session-1.json': 'gemini-cli/legacy-sample.json',
    '.qwen/projects/CANARY-folder/chats/1.jsonl': 'qwen-code/sample.jsonl',
    '.local/share/amp/threads/T-1.json': 'amp/T-00000000-0000-4000-8000-000000000001.json',
    '.continue/dev_data/0.2.0/tokensGenerated.jsonl': 'continue/sample.jsonl',
    '.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1/ui_messages.json': 'cline/ui_messages.json',
    '.copilot/session-state/1/events.jsonl': 'copilot-cli/events.jsonl',
    '.pi/agent/sessions/CANARY-folder/1.jsonl': 'pi/sample.jsonl',
    '.kimi/sessions/g/s/wire.jsonl': 'kimi-cli/wire.jsonl',
    '.aider/x': 'aider/expected.json',
    'CANARY-folder/.aider.chat.history.md': 'aider/sample.chat.history.md',
  }
  for (const [path, name] of Object.entries(places)) home.files.write(`/home/ada/${path}`, marked(fixture(name)))
  for (const name of ['opencode/opencode.db', 'goose/sessions.db'])
    home.files.writeStore(
      `/home/ada/.local/share/${name.replace('goose/', 'goose/sessions/')}`,
      marked(fixture(`${name}.sql`)),
    )
  home.look()
  home.agents.keep()
  expect(home.records.length).toBeGreaterThan(25)
  expect(home.state.size).toBeGreaterThan(20)
  const all = JSON.stringify([home.records, [...home.state], home.agents.views()])
  const segments = [...home.state.values()].map((text) => Buffer.from(text, 'base64').toString('latin1')).join()
  expect(all + segments).not.toMatch(/CANARY/i)
  expect(all).not.toContain('/home/ada')
})
