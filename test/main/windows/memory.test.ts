import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppMemory } from '../../../main/windows/memory.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-memory-'))
  file = join(folder, 'window.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const place = { x: 10, y: 20, width: 900, height: 600, isMaximized: true }

test('what is remembered is there in the next run, and the owner’s alone', () => {
  expect(new AppMemory(file).read()).toEqual({ dashboard: null, toldOfMissingTray: false })
  new AppMemory(file).change({ dashboard: place })
  new AppMemory(file).change({ toldOfMissingTray: true })
  expect(new AppMemory(file).read()).toEqual({ dashboard: place, toldOfMissingTray: true })
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('nonsense in the file counts as nothing remembered', () => {
  for (const text of ['', '{', '[]', '{"dashboard":{"x":"left"}}', '{"toldOfMissingTray":1}', 'null']) {
    writeFileSync(file, text)
    expect(new AppMemory(file).read()).toEqual({ dashboard: null, toldOfMissingTray: false })
  }
})

test('a folder that is gone costs the memory of it, not the run', () => {
  const memory = new AppMemory(join(folder, 'gone', 'window.json'))
  memory.change({ toldOfMissingTray: true })
  expect(memory.read().toldOfMissingTray).toBe(true)
})
