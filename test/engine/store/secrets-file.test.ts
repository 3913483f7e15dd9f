import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ok } from '../../../contract/result.ts'
import { configuredMeters, secretNameOf } from '../../../engine/configured-meters.ts'
import { keyHandedIn, keyInFile } from '../../../engine/store/secret-key.ts'
import { openSecrets } from '../../../engine/store/secrets-file.ts'
import { fcOptions } from '../../support/counts.ts'
import { meterWith } from '../sources/wall/meters.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'perwatt-secrets-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const path = () => join(directory, 'secrets.json')
const keyPath = () => join(directory, 'secrets.key')
const open = () => openSecrets(directory, keyInFile(directory))
const onPosix = test.runIf(process.platform !== 'win32')

test('a secret is kept and found again, in files that nobody else may read and that do not show it', () => {
  expect(open().secret('wall/desk')).toEqual(ok(null))
  expect(readdirSync(directory)).toEqual([])
  expect(open().keep('wall/desk', 'hunter2 é')).toEqual(ok(null))
  expect(open().keep('wall/ups', '')).toEqual(ok(null))
  expect([open().secret('wall/desk'), open().secret('wall/ups'), open().secret('wall/none')]).toEqual([
    ok('hunter2 é'),
    ok(''),
    ok(null),
  ])
  expect(readdirSync(directory).toSorted()).toEqual(['secrets.json', 'secrets.key'])
  expect(readFileSync(path(), 'utf8') + readFileSync(keyPath(), 'utf8')).not.toMatch(/hunter2|aHVudGVyMg/)
  if (process.platform === 'win32') return
  expect([path(), keyPath()].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600])
})

test('the same secret is written differently each time, and a forgotten one is gone', () => {
  open().keep('a', 'same')
  const first = readFileSync(path(), 'utf8')
  open().keep('a', 'same')
  expect(readFileSync(path(), 'utf8')).not.toBe(first)
  expect(open().forget('a')).toEqual(ok(null))
  expect(open().secret('a')).toEqual(ok(null))
  expect(readFileSync(path(), 'utf8')).not.toContain('"a"')
})

test('a key that is handed in leaves none on the disk, and another one does not fit', () => {
  const keyring = keyHandedIn('ab'.repeat(32))
  openSecrets(directory, keyring).keep('a', 'x')
  expect(existsSync(keyPath())).toBe(false)
  expect(openSecrets(directory, keyring).secret('a')).toEqual(ok('x'))
  expect(openSecrets(directory, keyHandedIn('ac'.repeat(32))).secret('a')).toMatchObject({ ok: false, code: 'denied' })
  for (const hex of ['', 'ab', 'zz'.repeat(32), 'ab'.repeat(33)])
    expect(() => keyHandedIn(hex)).toThrow('64 hex digits')
})

describe('nothing is lost', () => {
  const denied = { ok: false, code: 'denied', remedy: expect.objectContaining({ kind: expect.any(String) }) }

  test('where the key is missing: no new one is made, and the old one put back opens all', () => {
    open().keep('a', 'x')
    renameSync(keyPath(), `${keyPath()}.bak`)
    const before = readFileSync(path(), 'utf8')
    expect([open().secret('a'), open().keep('b', 'y')]).toMatchObject([denied, denied])
    expect(readFileSync(path(), 'utf8')).toBe(before)
    expect(existsSync(keyPath())).toBe(false)
    renameSync(`${keyPath()}.bak`, keyPath())
    expect(open().secret('a')).toEqual(ok('x'))
  })

  test('where the key or the file cannot be understood: both stay as they are', () => {
    open().keep('a', 'x')
    const [key, file] = [readFileSync(keyPath(), 'utf8'), readFileSync(path(), 'utf8')]
    writeFileSync(keyPath(), 'nonsense')
    expect([open().secret('a'), open().keep('b', 'y')]).toMatchObject([denied, denied])
    expect(readFileSync(keyPath(), 'utf8')).toBe('nonsense')
    writeFileSync(keyPath(), key)
    for (const text of ['', '{', '[]', '{"version":2,"secrets":{}}', '{"version":1}']) {
      writeFileSync(path(), text)
      expect([open().secret('a'), open().keep('b', 'y'), open().forget('a')]).toMatchObject([denied, denied, denied])
      expect(readFileSync(path(), 'utf8')).toBe(text)
    }
    writeFileSync(path(), file)
    expect(open().secret('a')).toEqual(ok('x'))
  })

  test('of what a newer version wrote beside', () => {
    open().keep('a', 'x')
    const contents = JSON.parse(readFileSync(path(), 'utf8'))
    writeFileSync(
      path(),
      JSON.stringify({ ...contents, later: 1, secrets: { ...contents.secrets, b: { sealedBy: 'tpm' } } }),
    )
    open().keep('c', 'z')
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({ later: 1, secrets: { b: { sealedBy: 'tpm' } } })
    expect([open().secret('a'), open().secret('c')]).toEqual([ok('x'), ok('z')])
    expect(open().secret('b')).toMatchObject(denied)
  })

  test('where one secret is spoilt: the others are still read, and it can be typed anew', () => {
    open().keep('a', 'x')
    open().keep('b', 'y')
    const contents = JSON.parse(readFileSync(path(), 'utf8'))
    // One entry in another's place is as bad as a changed one.
    contents.secrets.b = contents.secrets.a
    writeFileSync(path(), JSON.stringify(contents))
    expect(open().secret('b')).toMatchObject(denied)
    expect(open().secret('a')).toEqual(ok('x'))
    expect(open().keep('b', 'new')).toEqual(ok(null))
    expect(open().secret('b')).toEqual(ok('new'))
  })

  onPosix('where a key can be read by others: it is not used, and the remedy closes it', () => {
    open().keep('a', 'x')
    chmodSync(keyPath(), 0o644)
    expect(open().secret('a')).toMatchObject({ ...denied, remedy: { argv: ['chmod', '600', keyPath()] } })
    chmodSync(keyPath(), 0o600)
    expect(open().secret('a')).toEqual(ok('x'))
  })
})

test('whatever is damaged in an entry, it is denied or the very secret, never another text', () => {
  const keyring = keyHandedIn('12'.repeat(32))
  openSecrets(directory, keyring).keep('a', 'the secret')
  const sealed = JSON.parse(readFileSync(path(), 'utf8')).secrets.a
  const part = fc.oneof(fc.string(), fc.base64String(), fc.constantFrom(sealed.iv, sealed.text, sealed.tag, null, 5))
  fc.assert(
    fc.property(fc.record({ iv: part, text: part, tag: part }, { requiredKeys: [] }), (damage) => {
      writeFileSync(path(), JSON.stringify({ version: 1, secrets: { a: { ...sealed, ...damage } } }))
      const read = openSecrets(directory, keyring).secret('a')
      expect(read.ok ? read.value : read.code).toMatch(/^(the secret|denied)$/)
    }),
    fcOptions('secrets', 200, 10_000),
  )
})

test('meters are given their secrets; one that should have a secret and has none is not asked without it', () => {
  const meters = [meterWith(), meterWith({ id: 'ups', hasSecret: true })].map(({ meter }) => meter)
  const [, ups] = meters
  if (ups === undefined) throw new Error('two meters were expected')
  expect(configuredMeters(meters, open()).map(({ secret }) => secret)).toMatchObject([ok(null), { code: 'denied' }])
  expect(configuredMeters(meters, null).map(({ secret }) => secret)).toMatchObject([ok(null), { code: 'denied' }])
  open().keep(secretNameOf(ups), 'x')
  expect(configuredMeters(meters, open()).map(({ secret }) => secret)).toEqual([ok(null), ok('x')])
})
