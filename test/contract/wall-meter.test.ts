import { expect, test } from 'vitest'
import { Settings } from '../../contract/settings.ts'
import { WallMeter } from '../../contract/wall-meter.ts'

const desk = {
  id: 'desk',
  name: 'Desk plug',
  dialect: 'shelly-2',
  address: 'http://192.168.1.20',
  provenance: 'counter',
  options: { unit: 'switch:0' },
  hasSecret: true,
}
const accepts = (fields: object) => WallMeter.safeParse({ ...desk, ...fields }).success

test('there is no wall meter until one is set up', () => {
  expect(Settings.parse({}).wallMeters).toEqual([])
  expect(Settings.parse({ wallMeters: [desk] }).wallMeters).toEqual([desk])
})

test('an address is scheme, host and port, so that no secret and no path can hide in it', () => {
  for (const address of ['http://plug.local', 'https://[fe80::1]:8443', 'tcp://nas:3493', 'http://10.0.0.1:80'])
    expect(accepts({ address })).toBe(true)
  for (const address of [
    'http://admin:secret@plug.local',
    'http://plug.local/',
    'http://plug.local/status',
    'http://plug.local?x',
    'http://plug.local#x',
    'http://plug.local\\@evil',
    'tcp://nas',
    'ftp://plug.local',
    'javascript:alert(1)',
    'plug.local',
    'http://',
    'http://:80',
    'http://x:99999',
    'http://a b',
    '',
  ])
    expect(accepts({ address })).toBe(false)
})

test('what is not known here is refused: a secret among the options above all', () => {
  expect(accepts({ options: { password: 'x' } })).toBe(false)
  expect(accepts({ secret: 'x' })).toBe(false)
  expect(accepts({ dialect: 'kasa' })).toBe(false)
  expect(accepts({ options: { certificateSha256: 'AB' } })).toBe(false)
  expect(accepts({ options: { path: 'metrics' } })).toBe(false)
  expect(accepts({ name: 'two\nlines' })).toBe(false)
  expect(accepts({ id: 'Desk/1' })).toBe(false)
})

test('ids name history, so none occurs twice', () => {
  expect(Settings.safeParse({ wallMeters: [desk, desk] }).success).toBe(false)
  expect(Settings.safeParse({ wallMeters: [desk, { ...desk, id: 'ups' }] }).success).toBe(true)
})
