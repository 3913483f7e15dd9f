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
  await engine.handlers.setMeter({ meter: { ...desk, name: 'Desk' } })
  expect((await settings()).wallMeters).toEqual([{ ...desk, name: 'Desk', hasSecret: true }])
  expect(await engine.handlers.removeMeter({ id: 'desk' })).toMatchObject({ ok: true })
  expect((await settings()).wallMeters).toEqual([])
  expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).not.toContain('wall/desk')
  expect(await engine.handlers.removeMeter({ id: 'desk' })).toMatchObject({ ok: false, code: 'unknownMeter' })
})

test('a kept secret is not sent to another address than the one that it was given for', async () => {
  await engine.handlers.setMeter({ meter: desk, secret: SECRET })
  const { dialect, options } = desk
  const elsewhere = { dialect, options, address: 'http://192.168.1.66', id: 'desk' }
  expect(await engine.handlers.testMeter(elsewhere)).toMatchObject({ ok: false, code: 'denied' })
  const moved = { ...desk, address: 'http://192.168.1.66' }
  const move = { meter: moved, hasMoved: true }
  expect(await engine.handlers.setMeter(move)).toMatchObject({ ok: false, code: 'denied' })
  expect(await engine.handlers.setMeter({ ...move, secret: SECRET })).toMatchObject({ ok: true })
  const fresh = { meter: { ...desk, id: 'desk-2' }, replaces: 'desk' }
  expect(await engine.handlers.setMeter(fresh)).toMatchObject({ ok: false, code: 'denied' })
})

test('a secret is taken away where that is said', async () => {
  await engine.handlers.setMeter({ meter: desk, secret: SECRET })
  expect(await engine.handlers.setMeter({ meter: desk, secret: null })).toMatchObject({ ok: true })
  expect((await settings()).wallMeters).toEqual([{ ...desk, hasSecret: false }])
  expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).not.toContain('wall/desk')
})

test.each([
  ['another unit', { options: { ...desk.options, unit: 'switch:1' } }],
  ['another provenance', { provenance: 'sensor' }],
  ['another kind', { dialect: 'shelly-1' }],
  ['another address', { address: 'http://192.168.1.66' }],
] as const)('%s does not go on with the history of a meter', async (_, change) => {
  await engine.handlers.setMeter({ meter: desk, secret: SECRET })
  const other = { ...desk, ...change }
  expect(await engine.handlers.setMeter({ meter: other, secret: SECRET })).toMatchObject({ code: 'otherSeries' })
  expect((await settings()).wallMeters).toEqual([{ ...desk, hasSecret: true }])
  const fresh = { meter: { ...other, id: 'desk-2' }, replaces: 'desk', secret: SECRET }
  expect(await engine.handlers.setMeter(fresh)).toMatchObject({ ok: true })
  expect(await settings()).toMatchObject({
    wallMeters: [{ ...other, id: 'desk-2', hasSecret: true }],
    formerMeterIds: ['desk'],
  })
})

test('a meter that takes the place of another has its secret, and the other has it no more', async () => {
  await engine.handlers.setMeter({ meter: desk, secret: SECRET })
  const meter = { ...desk, id: 'desk-2', options: { unit: 'switch:1' } }
  expect(await engine.handlers.setMeter({ meter, replaces: 'desk' })).toMatchObject({ ok: true })
  expect((await settings()).wallMeters).toEqual([{ ...meter, hasSecret: true }])
  const kept = readFileSync(join(dataDir, 'secrets.json'), 'utf8')
  expect([kept.includes('wall/desk-2'), kept.includes('"wall/desk"')]).toEqual([true, false])
})

test('an id that once named a meter is not given to another', async () => {
  await engine.handlers.setMeter({ meter: desk })
  await engine.handlers.removeMeter({ id: 'desk' })
  expect(await engine.handlers.setMeter({ meter: desk })).toMatchObject({ ok: false, code: 'otherSeries' })
  expect(await engine.handlers.changeSettings({ theme: 'dark' })).toMatchObject({ ok: true })
  expect((await settings()).formerMeterIds).toEqual(['desk'])
})

test('no more meters are kept than the settings may hold', async () => {
  for (let index = 0; index < 16; index++)
    await engine.handlers.setMeter({ meter: { ...desk, id: `meter-${index}` }, secret: null })
  expect(await engine.handlers.setMeter({ meter: desk, secret: null })).toMatchObject({ ok: false, code: 'tooMany' })
})
