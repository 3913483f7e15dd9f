import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { agentReaders } from '../../../engine/agents/registry.ts'
import { AgentHome, sumsByModel } from './agent-home.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures/logs')

function fixture(path: string): string {
  return readFileSync(join(FIXTURES, path), 'utf8')
}

const Part = z.number().default(0)
const Expected = z.object({
  byModel: z.record(
    z.string(),
    z.object({
      requests: z.number().nullable().default(null),
      input: Part,
      cacheRead: Part,
      cacheWrite: Part,
      output: Part,
    }),
  ),
})

const DATA = '/home/ada/.local/share'
const TASKS = '/home/ada/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks'

/** Where each agent keeps such a log. Stores are built from SQL. */
type Trial = {
  readonly reader: string
  readonly title?: string
  readonly files: Readonly<Record<string, string>>
  readonly expected: string
  readonly withProvider?: true
}

const trials: readonly Trial[] = [
  {
    reader: 'log-claude-code',
    files: { '/home/ada/.claude/projects/-home-ada-shop/5a0f.jsonl': 'claude-code/sample.jsonl' },
    expected: 'claude-code/expected.json',
  },
  {
    reader: 'log-codex',
    files: { '/home/ada/.codex/sessions/2026/11/02/rollout-1.jsonl': 'codex/sample.jsonl' },
    expected: 'codex/expected.json',
  },
  {
    reader: 'log-codex',
    title: 'a sub-agent',
    files: { '/home/ada/.codex/sessions/2026/11/02/rollout-2.jsonl': 'codex/subagent.jsonl' },
    expected: 'codex/expected-subagent.json',
  },
  {
    reader: 'log-gemini',
    files: {
      '/home/ada/.gemini/tmp/shop/chats/session-2026-11-02T12-00-4d1c0000.json': 'gemini-cli/legacy-sample.json',
      '/home/ada/.gemini/tmp/shop/chats/session-2026-11-02T12-00-4d1c0000.jsonl': 'gemini-cli/sample.jsonl',
    },
    expected: 'gemini-cli/expected.json',
  },
  {
    reader: 'log-qwen-code',
    files: { '/home/ada/.qwen/projects/shop/chats/1.jsonl': 'qwen-code/sample.jsonl' },
    expected: 'qwen-code/expected.json',
  },
  {
    reader: 'log-opencode',
    files: { [`${DATA}/opencode/opencode.db`]: 'opencode/opencode.db.sql' },
    expected: 'opencode/expected.json',
    withProvider: true,
  },
  {
    reader: 'log-aider',
    files: {
      '/home/ada/.aider/installs.json': 'droid/00000000-0000-4000-8000-0000000000dd.settings.json',
      '/home/ada/shop/.aider.chat.history.md': 'aider/sample.chat.history.md',
    },
    expected: 'aider/expected.json',
    withProvider: true,
  },
  {
    reader: 'log-goose',
    files: { [`${DATA}/goose/sessions/sessions.db`]: 'goose/sessions.db.sql' },
    expected: 'goose/expected.json',
    withProvider: true,
  },
  {
    reader: 'log-amp',
    files: {
      [`${DATA}/amp/threads/T-1.json`]: 'amp/T-00000000-0000-4000-8000-000000000001.json',
      [`${DATA}/amp/threads/T-2.json`]: 'amp/T-00000000-0000-4000-8000-000000000002.json',
    },
    expected: 'amp/expected.json',
  },
  {
    reader: 'log-continue',
    files: { '/home/ada/.continue/dev_data/0.2.0/tokensGenerated.jsonl': 'continue/sample.jsonl' },
    expected: 'continue/expected.json',
    withProvider: true,
  },
  {
    reader: 'log-cline',
    files: { [`${TASKS}/1793610000000/ui_messages.json`]: 'cline/ui_messages.json' },
    expected: 'cline/expected.json',
  },
  {
    reader: 'log-copilot-cli',
    files: { '/home/ada/.copilot/otel/1.jsonl': 'copilot-cli/sample.jsonl' },
    expected: 'copilot-cli/expected.json',
  },
  {
    reader: 'log-copilot-cli',
    title: 'a journal',
    files: { '/home/ada/.copilot/session-state/cc/events.jsonl': 'copilot-cli/events.jsonl' },
    expected: 'copilot-cli/expected-events.json',
  },
  {
    reader: 'log-pi',
    files: { '/home/ada/.pi/agent/sessions/shop/1.jsonl': 'pi/sample.jsonl' },
    expected: 'pi/expected.json',
    withProvider: true,
  },
  {
    reader: 'log-openclaw',
    files: { '/home/ada/.openclaw/agents/main/sessions/1.jsonl.reset.2026-11-03T10-00-00Z': 'pi/sample.jsonl' },
    expected: 'pi/expected.json',
    withProvider: true,
  },
  {
    reader: 'log-kimi',
    files: { '/home/ada/.kimi/sessions/g/s/wire.jsonl': 'kimi-cli/wire.jsonl' },
    expected: 'kimi-cli/expected.json',
  },
  {
    reader: 'log-crush',
    files: {
      [`${DATA}/crush/projects.json`]: 'crush/projects.json',
      '/home/ada/shop/.crush/crush.db': 'crush/crush.db.sql',
    },
    expected: 'crush/expected.json',
    withProvider: true,
  },
]

describe('the log of', () => {
  for (const trial of trials)
    test(`${trial.reader}${trial.title === undefined ? '' : ` (${trial.title})`} gives the sums that its sample has, read twice and after a restart, too`, () => {
      const home = homeOf(trial)
      home.look()
      const { byModel } = Expected.parse(JSON.parse(fixture(trial.expected)))
      const expected = Object.fromEntries(
        Object.entries(byModel).map(([model, sums]) => [
          model,
          { ...sums, requests: sums.requests ?? expect.any(Number) },
        ]),
      )
      const records = home.keep()
      expect(sumsByModel(records, trial.withProvider === true)).toEqual(expected)
      home.start()
      for (const path of home.files.nodes.keys()) home.files.touch(path)
      home.look()
      expect(home.records).toEqual([])
    })
})

test('every reader has a sample here or a test of its own', () => {
  const others = ['log-droid', 'log-hermes', 'log-zed', 'log-llm']
  expect(agentReaders.map(({ id }) => id).sort()).toEqual(
    [...new Set([...trials.map(({ reader }) => reader), ...others])].sort(),
  )
})

function homeOf({ files }: Trial): AgentHome {
  const home = new AgentHome()
  for (const [path, name] of Object.entries(files))
    if (name.endsWith('.sql')) home.files.writeStore(path, fixture(name))
    else
      home.files.write(
        path,
        name === 'crush/projects.json' ? '{"projects":[{"path":"/home/ada/shop"}]}' : fixture(name),
      )
  return home
}
