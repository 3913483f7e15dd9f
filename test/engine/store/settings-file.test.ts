import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Settings } from '../../../contract/settings.ts'
import { replaceFile } from '../../../engine/store/atomic-file.ts'
import { openSettings } from '../../../engine/store/settings-file.ts'
import { fcOptions } from '../../support/counts.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'perwatt-store-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const path = () => join(directory, 'settings.json')
const defaults = Settings.parse({})

test('without a file the defaults hold, and nothing is written', () => {
  const settings = openSettings(path())
  expect(settings.current).toEqual(defaults)
  expect(settings.notice).toBeNull()
  expect(existsSync(path())).toBe(false)
})

test('a change is kept, readable by nobody else', () => {
  expect(openSettings(path()).change({ theme: 'dark', pricePerKwh: 0.32 })).toMatchObject({ ok: true })
  expect(openSettings(path()).current).toEqual({ ...defaults, theme: 'dark', pricePerKwh: 0.32 })
  expect(statSync(path()).mode & 0o777).toBe(0o600)
  expect(readdirSync(directory)).toEqual(['settings.json'])
})

test('keys of a newer version survive a change', () => {
  writeFileSync(path(), JSON.stringify({ theme: 'dark', hologram: { depth: 3 } }))
  const settings = openSettings(path())
  settings.change({ trayStyle: 'digits' })
  expect(JSON.parse(readFileSync(path(), 'utf8'))).toMatchObject({
    theme: 'dark',
    trayStyle: 'digits',
    hologram: { depth: 3 },
  })
})

test('one wrong value costs itself alone, and is named', () => {
  writeFileSync(path(), JSON.stringify({ theme: 'dark', pricePerKwh: 'cheap' }))
  const settings = openSettings(path())
  expect(settings.current).toEqual({ ...defaults, theme: 'dark' })
  expect(settings.notice).toContain('pricePerKwh')
})

test('a file that is not JSON is set aside, not lost', () => {
  writeFileSync(path(), '{ "theme": "dark"')
  expect(openSettings(path()).current).toEqual(defaults)
  expect(readFileSync(`${path()}.unreadable`, 'utf8')).toBe('{ "theme": "dark"')
})

test('where the file cannot be written the change is refused with a reason, and the old settings hold', () => {
  const settings = openSettings(join(directory, 'file', 'settings.json'))
  writeFileSync(join(directory, 'file'), 'in the way')
  const changed = settings.change({ theme: 'dark' })
  expect(changed).toMatchObject({ ok: false, code: 'notWritable' })
  expect(settings.current.theme).toBe('system')
})

test('without a path settings live in memory', () => {
  const settings = openSettings(null)
  settings.change({ theme: 'light' })
  expect(settings.current.theme).toBe('light')
})

test('a file that could not be replaced leaves no trace beside it', () => {
  chmodSync(directory, 0o700)
  expect(replaceFile(directory, 'text')).toMatchObject({ ok: false, code: 'notWritable' })
  expect(readdirSync(directory)).toEqual([])
})

test('whatever is in the file, opening it gives settings that are valid', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.dictionary(fc.constantFrom(...Object.keys(defaults)), fc.jsonValue()).map((value) => JSON.stringify(value)),
      ),
      (text) => {
        writeFileSync(path(), text)
        expect(Settings.safeParse(openSettings(path()).current).success).toBe(true)
      },
    ),
    fcOptions('store', 100, 5_000),
  )
})
