import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agentReaders } from '../../../engine/agents/registry.ts'
import { fcOptions } from '../../support/counts.ts'
import { AgentHome, sumsByModel } from './agent-home.ts'
import { type Answer, CLAUDE_LOG, claudeLine } from './claude-lines.ts'

/** Answers as a session writes them: some several times while they grow, some in a side chain. */
const answers = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 12 }).map((id) => `m${id}`),
    output: fc.integer({ min: 0, max: 5_000 }),
    model: fc.constantFrom('claude-sonnet-4-5', 'qwen3-coder:30b').map((model) => model),
    text: fc.string({ maxLength: 60 }),
  }),
  { maxLength: 40 },
)

/** What may happen between two looks. */
const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('append' as const), bytes: fc.integer({ min: 1, max: 3_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('look' as const), bytes: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), bytes: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), bytes: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate' as const), bytes: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('copyOver' as const), bytes: fc.constant(0) }) },
)

describe('however a log is cut into appends, restarts, crashes and rotations', () => {
  test('Claude Code gives the sums of reading it once', () => {
    fc.assert(
      fc.property(answers, fc.array(event, { maxLength: 40 }), (told, events) => {
        // One model an id: a message has no other.
        const lines = told.map((answer) => claudeLine({ ...answer, model: modelOf(answer) })).join('')
        expect(sumsOf(played(lines, events))).toEqual(sumsOf(played(lines, [])))
      }),
      fcOptions('agents', 60, 2_000),
    )
  })

  test('Codex gives the sums of reading it once', () => {
    const path = '/home/ada/.codex/sessions/2026/11/02/rollout-1.jsonl'
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(5_000), fc.nat(500)), { maxLength: 30 }),
        fc.array(event, { maxLength: 30 }),
        (turns, events) => {
          const kept = events.filter((one) => one.do !== 'rotate')
          const lines = codexLines(turns)
          expect(sumsOf(played(lines, kept, path))).toEqual(sumsOf(played(lines, [], path)))
          const sums = sumsByModel(played(lines, kept, path).records)['gpt-5.2'] ?? { input: 0, output: 0 }
          expect(sums.input).toBe(turns.reduce((sum, [input]) => sum + input, 0))
        },
      ),
      fcOptions('agents', 40, 1_000),
    )
  })
})

test('whatever a log holds, reading it ends, throws nothing and tells no nonsense', () => {
  const key = fc.constantFrom(
    'type',
    'message',
    'usage',
    'payload',
    'info',
    'tokens',
    'id',
    'timestamp',
    'total_token_usage',
    'model',
    '$set',
    'messages',
    'data',
    'toString',
    'ts',
    'text',
  )
  const leaf = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.constantFrom(
      'assistant',
      'token_count',
      'event_msg',
      'gemini',
      'session',
      'StatusUpdate',
      '2026-11-02T09:00:00Z',
      null,
      true,
      '',
    ),
    fc.string({ maxLength: 20 }),
  )
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.dictionary(key, tie('value'), { maxKeys: 6 }),
      fc.array(tie('value'), { maxLength: 4 }),
    ),
  }))
  const garbage = fc.oneof(
    fc.string({ maxLength: 200 }).map((text) => `${text}\n`),
    value.map((one) => `${JSON.stringify(one)}\n`),
    fc.tuple(value, fc.nat(100)).map(([one, cut]) => (JSON.stringify(one) ?? '').slice(0, cut)),
    fc.constantFrom(
      '"usage"\n',
      '{"token_count"}\n',
      '> Tokens: 9e9k sent, k received.\n',
      '[[[[',
      '"',
      '{"messages":[{"tokens":',
      '\0',
    ),
    fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  )
  const files = [
    ...[
      '.claude/projects/p/1.jsonl',
      '.codex/sessions/rollout-1.jsonl',
      '.gemini/tmp/p/chats/session-1.json',
      '.gemini/tmp/p/chats/1.jsonl',
    ],
    ...[
      '.qwen/projects/p/chats/1.jsonl',
      '.local/share/opencode/storage/message/s/m.json',
      '.local/share/amp/threads/T-1.json',
    ],
    ...[
      '.continue/dev_data/0/tokensGenerated.jsonl',
      '.cline/data/tasks/1/ui_messages.json',
      '.copilot/otel/1.jsonl',
      '.aider/x',
      '.aider.chat.history.md',
    ],
    ...[
      '.copilot/session-state/1/events.jsonl',
      '.pi/agent/sessions/1.jsonl',
      '.kimi/sessions/g/s/wire.jsonl',
      '.factory/sessions/1.settings.json',
    ],
    ...[
      '.local/share/goose/sessions/1.jsonl',
      '.local/share/goose/sessions/sessions.db',
      '.hermes/state.db',
      '.codex/config.toml',
      '.claude/settings.json',
    ],
  ]
  fc.assert(
    fc.property(fc.array(garbage, { maxLength: 12 }), fc.boolean(), (parts, isCut) => {
      const home = new AgentHome()
      for (const file of files) home.files.write(`/home/ada/${file}`, parts.join(''))
      home.look()
      if (isCut) for (const file of files) home.files.rewrite(`/home/ada/${file}`, parts.slice(1).join(''))
      home.look()
      home.agents.keep()
      home.start()
      for (const record of home.records)
        for (const count of [record.input, record.cacheRead, record.cacheWrite, record.output, record.requests])
          expect(count === null || (Number.isSafeInteger(count) && count >= 0)).toBe(true)
      expect(agentReaders.length).toBeGreaterThanOrEqual(home.agents.views().length)
    }),
    fcOptions('agents', 60, 3_000),
  )
})

type Event = { readonly do: 'append' | 'look' | 'restart' | 'crash' | 'rotate' | 'copyOver'; readonly bytes: number }

/** Writes `text` bit by bit as the events say, and the rest at the end. The records are those that a ledger would hold. */
function played(text: string, events: readonly Event[], path = CLAUDE_LOG): { records: AgentHome['records'] } {
  const home = new AgentHome()
  const bytes = Buffer.from(text)
  const records: AgentHome['records'] = []
  let written = 0
  let rotations = 0
  home.files.write(path, '')
  for (const one of [...events, { do: 'append' as const, bytes: bytes.length }, { do: 'look' as const, bytes: 0 }]) {
    if (one.do === 'append') {
      home.files.append(path, bytes.subarray(written, written + one.bytes))
      written = Math.min(bytes.length, written + one.bytes)
    } else if (one.do === 'look') {
      home.look(700_000)
      records.push(...home.keep())
    } else if (one.do === 'restart') home.start()
    else if (one.do === 'crash') {
      home.look(700_000)
      home.records = []
      home.start()
    } else if (one.do === 'rotate' && bytes[written - 1] === 10) {
      home.files.move(path, path.replace('.jsonl', `-${++rotations}.jsonl`))
      home.files.write(path, '')
    } else if (one.do === 'copyOver') home.files.rewrite(path, home.files.nodes.get(path)?.bytes ?? '')
  }
  return { records }
}

function sumsOf({ records }: { records: AgentHome['records'] }) {
  return sumsByModel(records)
}

function modelOf({ id }: Pick<Answer, 'id'>): string {
  return Number(id.slice(1)) % 2 === 0 ? 'claude-sonnet-4-5' : 'qwen3-coder:30b'
}

function codexLines(turns: readonly (readonly [number, number])[]): string {
  const line = (type: string, payload: unknown, atS: number) =>
    `${JSON.stringify({ timestamp: new Date(Date.UTC(2026, 10, 2) + atS * 1_000).toISOString(), type, payload })}\n`
  let [input, output] = [0, 0]
  const events = turns.flatMap(([more, written], index) => {
    input += more
    output += written
    const info = {
      total_token_usage: {
        input_tokens: input,
        cached_input_tokens: 0,
        output_tokens: output,
        total_tokens: input + output,
      },
    }
    const event = (atS: number) => line('event_msg', { type: 'token_count', info }, atS)
    return [event(10 + 2 * index), event(11 + 2 * index)]
  })
  return [
    line('session_meta', { id: 's', model_provider: 'openai', source: 'cli' }, 0),
    line('turn_context', { model: 'gpt-5.2' }, 1),
    ...events,
  ].join('')
}

test('whatever rows a store holds, reading it ends, throws nothing and tells no nonsense', () => {
  const stores = {
    '.hermes/state.db': [
      'sessions',
      'id, model, billing_provider, started_at, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens',
    ],
    '.local/share/goose/sessions/sessions.db': [
      'sessions',
      'id, working_dir, updated_at, provider_name, model_config_json, input_tokens, output_tokens, accumulated_input_tokens, accumulated_output_tokens',
    ],
    '.local/share/opencode/opencode.db': ['message', 'id, session_id, data'],
    '.local/share/zed/threads/threads.db': ['threads', 'id, updated_at, data_type, data'],
    '.config/io.datasette.llm/logs.db': [
      'responses',
      'id, model, conversation_id, input_tokens, output_tokens, duration_ms, datetime_utc',
    ],
    'shop/.crush/crush.db': ['sessions', 'id, prompt_tokens, completion_tokens, updated_at'],
  } as const
  const value = fc.oneof(
    ...[fc.constant(null), fc.integer(), fc.double({ noNaN: true }), fc.string({ maxLength: 8 }), fc.nat(1_000)],
    fc.constantFrom(
      '2026-11-02 09:00:00',
      1_793_610_000,
      '{"model_name":"m"}',
      'json',
      '{"role":"assistant","time":{"completed":1793610000000},"tokens":{"input":-1}}',
    ),
    fc.uint8Array({ maxLength: 10 }).map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(fc.array(fc.array(value, { minLength: 9, maxLength: 9 }), { maxLength: 5 }), (rows) => {
      const home = new AgentHome()
      home.files.write('/home/ada/.local/share/crush/projects.json', '["/home/ada/shop"]')
      for (const [path, [table, columns]] of Object.entries(stores)) {
        const names = columns.split(', ')
        const store = home.files.writeStore(
          `/home/ada/${path}`,
          `CREATE TABLE ${table} (${columns}); CREATE TABLE messages (session_id, role, model, provider, created_at)`,
        )
        const insert = store.prepare(`INSERT INTO ${table} VALUES (${names.map(() => '?').join(', ')})`)
        for (const row of rows) insert.run(...row.slice(0, names.length))
      }
      home.look()
      for (const { input, output, requests } of home.records)
        for (const count of [input, output, requests])
          expect(count === null || (Number.isSafeInteger(count) && count >= 0)).toBe(true)
    }),
    fcOptions('agents', 30, 1_000),
  )
})

test('a sample that was cut, doubled or changed in places is read to its end without an exception', () => {
  const samples = {
    '.claude/projects/p/1.jsonl': 'claude-code/sample.jsonl',
    '.codex/sessions/rollout-1.jsonl': 'codex/sample.jsonl',
    '.gemini/tmp/p/chats/1.jsonl': 'gemini-cli/sample.jsonl',
    '.gemini/tmp/p/chats/session-1.json': 'gemini-cli/legacy-sample.json',
    '.qwen/projects/p/chats/1.jsonl': 'qwen-code/sample.jsonl',
    '.local/share/amp/threads/T-1.json': 'amp/T-00000000-0000-4000-8000-000000000002.json',
    '.continue/dev_data/0/tokensGenerated.jsonl': 'continue/sample.jsonl',
    '.cline/data/tasks/1/ui_messages.json': 'cline/ui_messages.json',
    '.copilot/otel/1.jsonl': 'copilot-cli/sample.jsonl',
    '.pi/agent/sessions/1.jsonl': 'pi/sample.jsonl',
    '.kimi/sessions/g/s/wire.jsonl': 'kimi-cli/wire.jsonl',
    '.aider/x': 'aider/expected.json',
    '.aider.chat.history.md': 'aider/sample.chat.history.md',
  }
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(40),
    by: fc.constantFrom('', '-', '"', '}', '9'.repeat(30), 'null', '\n', '\0', '[[', '\\'),
  })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const home = new AgentHome()
      for (const [path, name] of Object.entries(samples)) {
        let text = readFileSync(join(import.meta.dirname, '../../fixtures/logs', name), 'utf8')
        for (const { at, length, by } of changes) {
          const from = Math.floor(at * text.length)
          text = text.slice(0, from) + by + text.slice(from + length)
        }
        home.files.write(`/home/ada/${path}`, text)
      }
      home.look()
      home.look(700_000)
      for (const { input, output, cacheRead } of home.records)
        for (const count of [input, output, cacheRead])
          expect(count === null || (Number.isSafeInteger(count) && count >= 0)).toBe(true)
    }),
    fcOptions('agents', 30, 1_500),
  )
})
