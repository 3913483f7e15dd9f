import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Engine, startEngine } from '../../engine/index.ts'
import { hostWith } from '../support/rigs.ts'

const SECRET = 'a-plug-password'
const desk = {
  id: 'desk',
  name: 'Desk plug',
  dialect: 'shelly-2',
  address: 'http://192.168.1.20',
  provenance: 'counter',
  options: { unit: 'switch:0', user: 'admin' },
} as const

let dataDir: string
let engine: Engine
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'perwatt-meters-'))
  const started = await startEngine(hostWith({}), { version: 'test', dataDir, timeZone: 'UTC', mode: 'simulated' })
  if (!started.ok) throw new Error(started.reason)
  engine = started.value
})
afterEach(async () => {
  await engine.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function settings() {
  const answer = await engine.handlers.settings({})
  if (!answer.ok) throw new Error(answer.reason)
  return answer.value
}

test('a meter that is set up stands in the settings, and its secret in no file and no answer', async () => {
  expect(await engine.handlers.setMeter({ meter: desk, secret: SECRET })).toMatchObject({ ok: true })
  expect((await settings()).wallMeters).toEqual([{ ...desk, hasSecret: true }])
  for (const file of ['settings.json', 'secrets.json'])
    expect(readFileSync(join(dataDir, file), 'utf8')).not.toContain(SECRET)
  expect(JSON.stringify(await settings())).not.toContain(SECRET)
})

test('a change without a secret keeps the one that is kept, and taking the meter away forgets it', async () => {
  await engine.handlers.setMeter({ meter: desk, secret: SECRET })
  await engine.handlers.setMeter({ meter: { ...desk, name: 'Desk' }, secret: null })
  expect((await settings()).wallMeters).toEqual([{ ...desk, name: 'Desk', hasSecret: true }])
  expect(await engine.handlers.removeMeter({ id: 'desk' })).toMatchObject({ ok: true })
  expect((await settings()).wallMeters).toEqual([])
  expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).not.toContain('wall/desk')
  expect(await engine.handlers.removeMeter({ id: 'desk' })).toMatchObject({ ok: false, code: 'unknownMeter' })
})

test('a kept secret is not sent to another address than the one that it was given for', async () => {
  await engine.handlers.setMeter({ meter: desk, secret: SECRET })
  const { dialect, options } = desk
  const elsewhere = { dialect, options, address: 'http://192.168.1.66', id: 'desk', secret: null }
  expect(await engine.handlers.testMeter(elsewhere)).toMatchObject({ ok: false, code: 'denied' })
  const moved = { ...desk, address: 'http://192.168.1.66' }
  expect(await engine.handlers.setMeter({ meter: moved, secret: null })).toMatchObject({ ok: false, code: 'denied' })
  expect(await engine.handlers.setMeter({ meter: moved, secret: SECRET })).toMatchObject({ ok: true })
})

test('no more meters are kept than the settings may hold', async () => {
  for (let index = 0; index < 16; index++)
    await engine.handlers.setMeter({ meter: { ...desk, id: `meter-${index}` }, secret: null })
  expect(await engine.handlers.setMeter({ meter: desk, secret: null })).toMatchObject({ ok: false, code: 'tooMany' })
})
