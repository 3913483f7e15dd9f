import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, expect, test } from 'vitest'
import { createAgents } from '../../../engine/agents/agents.ts'
import type { UsageRecord } from '../../../engine/agents/usage-record.ts'
import { virtualClock } from '../../../engine/clock/virtual.ts'
import { realAgentFiles } from '../../../engine/host/real/agent-files.ts'
import { claudeLine } from './claude-lines.ts'

const home = mkdtempSync(join(tmpdir(), 'perwatt-home-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

test('real files that grow, move, are cut short and lead in circles, and a store that its owner writes to, are counted once', () => {
  const clock = virtualClock({ wallMs: Date.now() })
  const state = new Map<string, string>()
  const records: UsageRecord[] = []
  const start = () =>
    createAgents({
      ...{ files: realAgentFiles(), clock, home, env: {}, platform: 'linux', sinceMs: 0, projectKey: () => 'p' },
      kept: (name) => state.get(name) ?? null,
      save: (name, text) => void state.set(name, text),
      onUsage: (record) => void records.push(record),
    })
  let agents = start()
  const look = () => {
    clock.advance(700_000)
    agents.tick(new Set())
    clock.advance(30_000)
  }
  const log = join(home, '.claude/projects/p/1.jsonl')
  mkdirSync(dirname(log), { recursive: true })
  symlinkSync(join(home, '.claude/projects'), join(home, '.claude/projects/p/circle'))
  appendFileSync(log, claudeLine({ id: 'a', output: 1 }) + claudeLine({ id: 'b', output: 2 }).slice(0, 50))
  const store = join(home, '.local/share/opencode/opencode.db')
  mkdirSync(dirname(store), { recursive: true })
  const owner = new Database(store)
  owner.pragma('journal_mode = WAL')
  owner.exec(readFileSync(join(import.meta.dirname, '../../fixtures/logs/opencode/opencode.db.sql'), 'utf8'))
  look()
  expect(records.map(({ output }) => output).sort()).toEqual([1, 164, 220, 566])

  appendFileSync(log, claudeLine({ id: 'b', output: 2 }).slice(50))
  owner.exec(
    "INSERT INTO message SELECT 'msg_0005', session_id, 0, 0, replace(data, '164', '3') FROM message WHERE id = 'msg_0001'",
  )
  look()
  expect(
    records
      .splice(0)
      .map(({ output }) => output)
      .slice(4)
      .sort(),
  ).toEqual([2, 3])

  agents.keep()
  agents.close()
  renameSync(log, `${dirname(log)}/archived.jsonl`)
  appendFileSync(log, claudeLine({ id: 'c', output: 4 }))
  agents = start()
  look()
  truncateSync(log, 0)
  appendFileSync(log, claudeLine({ id: 'c', output: 4 }) + claudeLine({ id: 'd', output: 5 }))
  look()
  expect(records.map(({ output }) => output)).toEqual([4, 5])
  expect(agents.views().map(({ id, problem }) => [id, problem])).toEqual([
    ['log-claude-code', null],
    ['log-opencode', null],
  ])
  agents.close()
  owner.close()
})
