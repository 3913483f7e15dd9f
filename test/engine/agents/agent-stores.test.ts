import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { realAgentFiles } from '../../../engine/host/real/agent-files.ts'
import { AgentHome, sumsByModel } from './agent-home.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures/logs')
const DATA = '/home/ada/.local/share'

function fixture(path: string): string {
  return readFileSync(join(FIXTURES, path), 'utf8')
}

describe('Droid', () => {
  test('tells the totals of a session by what they grew', () => {
    const home = new AgentHome()
    const path = '/home/ada/.factory/sessions/shop/1.settings.json'
    const text = fixture('droid/00000000-0000-4000-8000-0000000000dd.settings.json')
    home.files.write(path, text)
    home.look()
    home.files.rewrite(path, text.replace('1310', '1400'))
    home.look()
    expect(home.records.map(({ output, cacheRead }) => [output, cacheRead])).toEqual([
      [1310, 61_000],
      [90, 0],
    ])
  })
})

describe('Hermes', () => {
  test('books what a session grows by when its store was written to', () => {
    const home = new AgentHome()
    const path = '/home/ada/.hermes/state.db'
    const store = home.files.writeStore(
      path,
      `CREATE TABLE sessions (id TEXT PRIMARY KEY, model TEXT, billing_provider TEXT, started_at REAL, input_tokens INTEGER, output_tokens INTEGER,
         cache_read_tokens INTEGER, cache_write_tokens INTEGER, reasoning_tokens INTEGER);
       INSERT INTO sessions VALUES ('s', 'qwen3:8b', 'ollama', 1793610000.5, 100, 20, 0, 0, 0)`,
    )
    home.look()
    store.exec("UPDATE sessions SET output_tokens = 50 WHERE id = 's'")
    home.files.touch(path)
    home.look()
    expect(home.records.map(({ output, atMs, where }) => ({ output, atMs, where }))).toEqual([
      { output: 20, atMs: 1_793_610_000_500, where: 'local' },
      { output: 30, atMs: home.files.nowMs, where: 'local' },
    ])
  })
})

describe('Goose', () => {
  test('that was there before the history begins tells only what it grows by from then on', () => {
    const home = new AgentHome()
    home.sinceMs = Date.UTC(2026, 10, 20)
    home.start()
    const path = `${DATA}/goose/sessions/sessions.db`
    const store = home.files.writeStore(path, fixture('goose/sessions.db.sql'))
    home.look()
    expect(home.records).toEqual([])
    store.exec(
      "UPDATE sessions SET accumulated_output_tokens = 1000, updated_at = '2026-11-25 00:00:00' WHERE id = '20261102_1'",
    )
    home.files.touch(path)
    home.look()
    expect(home.records.map(({ input, output, requests }) => ({ input, output, requests }))).toEqual([
      { input: 0, output: 200, requests: null },
    ])
  })
})

describe('opencode', () => {
  test('waits until a message is completed, and counts the file that a migration left no second time', () => {
    const home = new AgentHome()
    // A day later, a message that is still not completed is taken for abandoned.
    home.files.nowMs = 1_793_610_300_000
    const path = `${DATA}/opencode/opencode.db`
    const store = home.files.writeStore(path, fixture('opencode/opencode.db.sql'))
    const [, first = ''] = fixture('opencode/sample.jsonl').split('\n')
    home.files.write(`${DATA}/opencode/storage/message/ses_a/msg_0001.json`, first)
    home.look()
    expect(home.records).toHaveLength(3)
    store.exec(
      `UPDATE message SET data = replace(replace(data, '"created":1793610300000', '"created":1793610300000,"completed":1793610301000'), '"output":0', '"output":9') WHERE id = 'msg_0004'`,
    )
    home.files.touch(path)
    home.look()
    expect(home.records.slice(3)).toMatchObject([
      { model: 'qwen/qwen3-coder-30b', output: 9, durationMs: 1_000, where: 'local' },
    ])
  })

  test('of another shape is passed over', () => {
    const home = new AgentHome()
    home.files.writeStore(`${DATA}/opencode/opencode.db`, 'CREATE TABLE message (something TEXT)')
    home.look()
    expect(home.records).toEqual([])
  })
})

describe('Crush', () => {
  test('adds each pair of counts that its last call left, and each request once', () => {
    const home = new AgentHome()
    home.files.write(`${DATA}/crush/projects.json`, '["/home/ada/shop"]')
    const path = '/home/ada/shop/.crush/crush.db'
    const store = home.files.writeStore(path, fixture('crush/crush.db.sql'))
    home.look()
    store.exec(
      `UPDATE sessions SET prompt_tokens = 9000, completion_tokens = 10, updated_at = 1793620100 WHERE id = 's-1';
       INSERT INTO messages VALUES ('m-7', 's-1', 'assistant', '[]', 'qwen3-coder:30b', 'ollama', 1793620090, 1793620100, 1793620100)`,
    )
    home.files.touch(path)
    home.look()
    expect(sumsByModel(home.records)['qwen3-coder:30b']).toMatchObject({ requests: 4, input: 19_223, output: 502 })
    expect(home.records.every(({ isEstimate }) => isEstimate)).toBe(true)
  })
})

describe('Zed', () => {
  test('tells the usage of each message, packed or not', () => {
    const home = new AgentHome()
    const document = fixture('zed/thread.decoded.json')
    const path = `${DATA}/zed/threads/threads.db`
    const store = home.files.writeStore(
      path,
      'CREATE TABLE threads (id TEXT PRIMARY KEY, parent_id TEXT, summary TEXT, updated_at TEXT, data_type TEXT, data BLOB)',
    )
    home.files.unpack = realAgentFiles().unpack
    const insert = store.prepare("INSERT INTO threads VALUES (?, NULL, '', '2026-11-02T09:05:00Z', ?, ?)")
    insert.run('plain', 'json', document)
    insert.run('packed', 'zstd', zstdCompressSync(Buffer.from(document)))
    insert.run('broken', 'zstd', Buffer.from('no zstd'))
    home.look()
    expect(sumsByModel(home.records)['qwen3-coder:30b']).toMatchObject({ requests: 4, input: 16_246, output: 804 })
    expect(home.agents.views()[0]?.badLines).toBe(1)
  })
})

describe('llm', () => {
  test('tells each answer once', () => {
    const home = new AgentHome()
    const path = '/home/ada/.config/io.datasette.llm/logs.db'
    const store = home.files.writeStore(
      path,
      `CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT, input_tokens INTEGER, output_tokens INTEGER);
       INSERT INTO responses VALUES ('r1', 'gpt-5-mini', 'p', 'c', 1200, '2026-11-02T09:00:00.123456', 12, 30), ('r2', 'gpt-5-mini', 'p', 'c', 1, '2026-11-02T09:00:01', NULL, NULL)`,
    )
    home.look()
    store.exec("INSERT INTO responses VALUES ('r3', 'gpt-5-mini', 'p', 'c', 1, '2026-11-02T09:00:02+00:00', 1, 2)")
    home.files.touch(path)
    home.look()
    expect(home.records.map(({ output, durationMs, atMs }) => ({ output, durationMs, atMs }))).toEqual([
      { output: 30, durationMs: 1_200, atMs: Date.UTC(2026, 10, 2, 9, 0, 0, 123) },
      { output: 2, durationMs: 1, atMs: Date.UTC(2026, 10, 2, 9, 0, 2) },
    ])
  })
})
