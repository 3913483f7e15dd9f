import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fingerprint } from '../../scripts/lib/build.mjs'
import { dependenciesAreCurrent } from '../../scripts/lib/dependencies.mjs'
import { node24, projectDir } from '../../scripts/lib/paths.mjs'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'perwatt-stamps-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

function put(file: string, text: string, modifiedS = 1_700_000_000): void {
  mkdirSync(join(dir, file, '..'), { recursive: true })
  writeFileSync(join(dir, file), text)
  utimesSync(join(dir, file), modifiedS, modifiedS)
}

/** A project as `npm ci` leaves it. */
function installed({ lockModifiedS = 1_000, recordModifiedS = 2_000 } = {}): void {
  put('package-lock.json', '{"lock":1}', lockModifiedS)
  put('node_modules/.package-lock.json', '{}', recordModifiedS)
  put(relative(projectDir, node24), 'binary')
}

test('packages are current after npm ci by hand, and stay so when the lock file is only touched', () => {
  installed()
  expect(dependenciesAreCurrent(dir)).toBe(true)
  put('package-lock.json', '{"lock":1}', 9_000)
  expect(dependenciesAreCurrent(dir)).toBe(true)
})

test('packages are stale when the lock file changed since the last set-up, whatever its time says', () => {
  installed()
  expect(dependenciesAreCurrent(dir)).toBe(true)
  put('package-lock.json', '{"lock":2}', 500)
  expect(dependenciesAreCurrent(dir)).toBe(false)
})

test('packages are missing without node_modules, without Node 24, and when never set up since the lock file was written', () => {
  expect(dependenciesAreCurrent(dir)).toBe(false)
  installed({ lockModifiedS: 3_000 })
  expect(dependenciesAreCurrent(dir)).toBe(false)
  installed()
  rmSync(join(dir, relative(projectDir, node24)))
  expect(dependenciesAreCurrent(dir)).toBe(false)
})

test('the fingerprint of sources changes with an edit, an addition, a renaming and a removal, and with nothing else', () => {
  put('main/index.ts', 'one')
  put('main/tray/icon.ts', 'two')
  put('docs/other.md', 'not a source')
  const states = [fingerprint(dir, ['main', 'absent'])]
  const changed = () => {
    states.push(fingerprint(dir, ['main', 'absent']))
    return states.at(-1) !== states.at(-2)
  }
  put('docs/other.md', 'edited')
  expect(changed()).toBe(false)
  put('main/index.ts', 'uno', 1_700_000_001)
  expect(changed()).toBe(true)
  put('main/new.ts', 'three')
  expect(changed()).toBe(true)
  renameSync(join(dir, 'main/new.ts'), join(dir, 'main/newer.ts'))
  expect(changed()).toBe(true)
  rmSync(join(dir, 'main/newer.ts'))
  expect(changed()).toBe(true)
  expect(states.at(-1)).toBe(states[2])
})
