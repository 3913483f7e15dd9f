import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, test } from 'vitest'
import { realAgentFiles } from '../../../engine/host/real/agent-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'perwatt-agents-'))
const files = realAgentFiles()

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("a user's files", () => {
  test('keep their id when they grow or are renamed, and a replaced one has another', () => {
    const path = join(folder, 'log')
    writeFileSync(path, 'one\n')
    const before = files.look(path)
    appendFileSync(path, 'two\n')
    renameSync(path, `${path}.1`)
    const after = files.look(`${path}.1`)
    writeFileSync(path, 'new')
    expect(before.ok && after.ok && before.value.id === after.value.id).toBe(true)
    expect(after).toMatchObject({ value: { sizeBytes: 8, kind: 'file' } })
    expect(files.look(path)).not.toMatchObject({ value: { id: before.ok ? before.value.id : '' } })
  })

  test('are read from where one likes, and nothing is read at the end', () => {
    const path = join(folder, 'text')
    writeFileSync(path, 'abcdef')
    const opened = files.open(path)
    if (!opened.ok) throw new Error(opened.reason)
    const buffer = Buffer.alloc(4)
    expect([opened.value.read(buffer, 4), buffer.toString('utf8', 0, 2), opened.value.read(buffer, 6)]).toEqual([
      2,
      'ef',
      0,
    ])
    opened.value.close()
  })

  test('that are absent, pipes, links in a circle or folders are no files', () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    symlinkSync(join(folder, 'circle'), join(folder, 'circle'))
    for (const path of [join(folder, 'none'), pipe, join(folder, 'circle')])
      expect([files.look(path), files.open(path)]).toMatchObject([{ code: 'absent' }, { code: 'absent' }])
    expect(files.look(folder)).toMatchObject({ value: { kind: 'folder' } })
    expect(files.open(folder).ok).toBe(false)
  })

  test('in a store are read while its owner writes, and the owner may go on', () => {
    const path = join(folder, 'owned.db')
    const owner = new Database(path)
    owner.pragma('journal_mode = WAL')
    owner.exec("CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x')")
    owner.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES ('y')")
    const store = files.store(path)
    if (!store.ok) throw new Error(store.reason)
    expect(store.value.rows('SELECT a FROM t', [])).toEqual({ ok: true, value: [{ a: 'x' }] })
    owner.exec('COMMIT')
    expect(store.value.rows('SELECT count(*) AS n FROM t', [])).toEqual({ ok: true, value: [{ n: 2 }] })
    expect(store.value.rows("INSERT INTO t VALUES ('z')", [])).toMatchObject({ ok: false })
    expect(store.value.rows('SELECT nothing FROM nowhere', [])).toMatchObject({ ok: false, code: 'broken' })
    store.value.close()
    owner.close()
  })

  test('that are no store are broken, and nothing is made beside one that is not there', () => {
    const path = join(folder, 'garbage.db')
    writeFileSync(path, 'not a database at all, and long enough to be looked at')
    const store = files.store(path)
    expect(store.ok ? store.value.rows('SELECT 1 FROM sqlite_master', []) : store).toMatchObject({ ok: false })
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    expect(files.store(join(empty, 'none.db')).ok).toBe(false)
    expect(files.store(join(empty, 'no', 'folder.db'))).toMatchObject({ code: 'absent' })
    expect(readdirSync(empty)).toEqual([])
  })

  test('are unpacked up to a size', () => {
    const packed = zstdCompressSync(Buffer.alloc(100_000, 'a'))
    expect(files.unpack(packed, 200_000)?.length).toBe(100_000)
    expect(files.unpack(packed, 1_000)).toBeNull()
    expect(files.unpack(Buffer.from('none'), 1_000)).toBeNull()
  })
})
