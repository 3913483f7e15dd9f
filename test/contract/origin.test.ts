import fc from 'fast-check'
import { expect, test } from 'vitest'
import { originOf } from '../../contract/origin.ts'
import { fcOptions } from '../support/counts.ts'

test.each([
  ['http://Plug.local:80/', 'http://plug.local'],
  ['https://10.0.0.1:8443', 'https://10.0.0.1:8443'],
  ['tcp://nas.local:80', 'tcp://nas.local:80'],
  ['tcp://[fe80::1]:3493', 'tcp://[fe80::1]:3493'],
  ['MQTT://NAS', 'mqtt://nas'],
  ['mqtts://nas:8883', 'mqtts://nas:8883'],
  ['nas.local', null],
  ['http://', null],
  ['tcp://nas:99999', null],
])('the origin of %s is %s', (address, origin) => {
  expect(originOf(address)).toBe(origin)
})

test('whatever is typed, an origin is its own origin', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.webUrl(),
        fc.string().map((text) => `tcp://${text}`),
      ),
      (typed) => {
        const origin = originOf(typed)
        if (origin !== null) expect(originOf(origin)).toBe(origin)
      },
    ),
    fcOptions('origin', 200, 20_000),
  )
})
