import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeMessage, encodeCall, splitSignature, TYPE } from '../../../main/desktop/dbus-wire.ts'
import { socketPath } from '../../../main/desktop/session-bus.ts'
import { fcOptions } from '../../support/counts.ts'

const call = { destination: 'org.example.Tray', path: '/Watcher', interface: 'org.example.Watcher', member: 'Ask' }

test('a call is read back as it was written, whatever its arguments', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }), fc.nat(2 ** 32 - 1), (args, serial) => {
      const bytes = encodeCall(serial, { ...call, args })
      expect(decodeMessage(bytes)).toEqual({
        length: bytes.length,
        message: { type: TYPE.call, serial, replySerial: null, interface: call.interface, member: 'Ask', body: args },
      })
    }),
    fcOptions('dbus', 300, 20_000),
  )
})

test('a message that is not complete yet is waited for, and the next one begins where it ends', () => {
  const bytes = encodeCall(7, { ...call, args: ['a', 'b'] })
  for (let length = 0; length < bytes.length; length += 1) expect(decodeMessage(bytes.subarray(0, length))).toBeNull()
  const two = Buffer.concat([bytes, encodeCall(8, { ...call, args: [] })])
  const first = decodeMessage(two)
  expect(decodeMessage(two.subarray(first?.length))?.message.serial).toBe(8)
})

/** A reply to call 9 with the signature `(sa(iiay)v)b`, written down by hand from the specification. */
const REPLY = Buffer.from(
  [
    '6c020101 40000000 05000000 1a000000', // little endian, reply, flags, version; 64 bytes of body; serial 5; 26 of fields
    '05 01 75 00 09000000', // reply serial 9
    '08 01 67 00 0c 28736128 69696179 29762962 00 000000000000', // signature, then padding to 8
    '03000000 61626300 11000000 00000000', // "abc"; an array of 17 bytes, aligned to 8
    '16000000 16000000 05000000 0102030405', // 22, 22, five bytes
    '02 6173 00 0000 00', // variant of type as
    '0e000000 02000000 6f6b0000 01000000 7800 0000', // ["ok", "x"]
    '01000000', // true
  ]
    .join('')
    .replaceAll(/\s/g, ''),
  'hex',
)

test('structures, arrays of structures, bytes and variants are unpacked', () => {
  expect(decodeMessage(REPLY)?.message).toMatchObject({
    type: TYPE.reply,
    replySerial: 9,
    body: [['abc', [[22, 22, Buffer.from([1, 2, 3, 4, 5])]], ['ok', 'x']], true],
  })
})

test('an array of empty structures ends in a RangeError, not in all memory', () => {
  const bytes = [
    '6c020101 10000000 05000000 11000000',
    '05 01 75 00 09000000',
    '08 01 67 00 03 612829 00 00000000000000', // signature a()
    '08000000 00000000 0000000000000000', // an array of 8 bytes, aligned to 8
  ]
  const message = Buffer.from(bytes.join('').replaceAll(/\s/g, ''), 'hex')
  expect(() => decodeMessage(message)).toThrow('take no room')
})

test('garbage ends in a RangeError or in waiting for more, never in anything else', () => {
  const damage = fc.array(fc.tuple(fc.nat(REPLY.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(damage, (changes) => {
      const bytes = Buffer.from(REPLY)
      for (const [at, value] of changes) bytes[at] = value
      try {
        decodeMessage(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
    fcOptions('dbus', 2_000, 200_000),
  )
})

test('signatures fall apart into complete types', () => {
  expect(splitSignature('sa(iiay)ua{sv}v')).toEqual(['s', 'a(iiay)', 'u', 'a{sv}', 'v'])
  expect(splitSignature('')).toEqual([])
  for (const broken of ['a', '(ii', 'i)', 'a{s']) expect(() => splitSignature(broken)).toThrow(RangeError)
})

test('the address of the bus is the first Unix socket of the list', () => {
  expect(socketPath('unix:path=/run/user/1000/bus')).toBe('/run/user/1000/bus')
  expect(socketPath('tcp:host=localhost,port=1;unix:path=/tmp/my%20bus,guid=0123')).toBe('/tmp/my bus')
  expect(socketPath('unix:abstract=/tmp/dbus-x,guid=0123')).toBe('\0/tmp/dbus-x')
  for (const none of ['', 'tcp:host=localhost,port=1', 'unix:', 'autolaunch:']) expect(socketPath(none)).toBeNull()
})
