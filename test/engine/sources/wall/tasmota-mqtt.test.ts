import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { WallMeter } from '../../../../contract/wall-meter.ts'
import { virtualClock } from '../../../../engine/clock/virtual.ts'
import { realHost } from '../../../../engine/host/real.ts'
import { tasmotaMqtt } from '../../../../engine/sources/wall/tasmota-mqtt.ts'
import { testMeter } from '../../../../engine/sources/wall/test-meter.ts'
import { METER_CERTIFICATE } from '../../../support/certificates.ts'
import { fcOptions } from '../../../support/counts.ts'
import { tcpServer, tlsServer } from '../../../support/loopback.ts'
import { BrokerDouble, publishPacket } from './broker-double.ts'
import { SECRET } from './doubles.ts'
import { answered } from './meters.ts'
import { ScriptedContact } from './scripted-contact.ts'

const TOPIC = 'tasmota_A1B2C3'
const energy = (powerW: number, total = '12.345') =>
  `{"Time":"2026-11-25T14:03:00","ENERGY":{"Total":${total},"Power":${powerW}}}`
const status = (powerW: number) => `{"StatusSNS":${energy(powerW)}}`

/** A plug that answers as the firmware does: `Status` with 8 at `stat/<topic>/STATUS8`. */
function plugAt(options: Partial<ConstructorParameters<typeof BrokerDouble>[0]> = {}, answer = () => status(43)) {
  const broker: BrokerDouble = new BrokerDouble({
    ...options,
    onPublish(topic, text) {
      if (topic === `cmnd/${TOPIC}/Status` && text === '8') broker.publish(`stat/${TOPIC}/STATUS8`, answer())
    },
  })
  return broker
}

async function addressOf(broker: BrokerDouble): Promise<string> {
  return (await tcpServer(broker.serve)).replace('tcp:', 'mqtt:')
}

function open(address: string, secret: string | null = null, options: WallMeter['options'] = { topic: TOPIC }) {
  const host = realHost()
  const contact = host.contact(address)
  onTestFinished(() => contact.close())
  return { host, session: tasmotaMqtt.open({ contact, options, secret, clock: host.clock }) }
}

describe('a Tasmota plug at a broker', () => {
  test('is asked over one connection, and its answer is read', async () => {
    const broker = plugAt()
    const address = await addressOf(broker)
    const { host, session } = open(address)
    for (let look = 0; look < 3; look++) {
      expect(await session.look()).toEqual({
        ok: true,
        value: [
          {
            unit: 'energy',
            name: 'energy',
            powerW: 43,
            energy: { energyMj: 44_442_000_000, stepMj: 3_600_000 },
            isEstimate: false,
          },
        ],
      })
    }
    expect(broker.connects).toBe(1)
    expect(broker.published).toEqual(Array.from({ length: 3 }, () => `cmnd/${TOPIC}/Status 8`))
    const [traffic] = host.traffic()
    expect(traffic?.address).toBe(address)
    expect(traffic?.receivedBytes).toBeGreaterThan(200)
    expect(traffic?.sentBytes).toBeGreaterThan(100)
  })

  test('may say of itself what it would have answered', async () => {
    const broker: BrokerDouble = new BrokerDouble({
      onPublish: () => broker.publish(`tele/${TOPIC}/SENSOR`, energy(7, '1.23456')),
    })
    expect(await open(await addressOf(broker)).session.look()).toMatchObject({
      ok: true,
      value: [{ powerW: 7, energy: { stepMj: 36_000 } }],
    })
  })

  test('is found where its full topic was changed', async () => {
    const broker: BrokerDouble = new BrokerDouble({
      onPublish: (topic) => broker.publish(topic.replace('/cmnd/Status', '/stat/STATUS10'), status(5)),
    })
    const { session } = open(await addressOf(broker), null, { topic: 'home/desk/%prefix%' })
    expect(await session.look()).toMatchObject({ ok: true, value: [{ powerW: 5 }] })
    expect(broker.published).toEqual(['home/desk/cmnd/Status 8'])
  })

  test('that is gone is not replaced by what the broker kept of it', async () => {
    const retained = { [`tele/${TOPIC}/SENSOR`]: energy(99), [`stat/${TOPIC}/STATUS8`]: status(99) }
    const clock = virtualClock({ wallMs: 0 })
    const broker = new BrokerDouble({
      retained,
      // Kept messages come before the question arrives, so its time may run out now.
      onPublish: () => clock.advance(2_000),
    })
    const contact = realHost().contact(await addressOf(broker))
    onTestFinished(() => contact.close())
    const answer = await tasmotaMqtt.open({ contact, options: { topic: TOPIC }, secret: null, clock }).look()
    expect(answer).toMatchObject({ ok: false, code: 'absent' })
    expect(answer.ok ? '' : answer.reason).toContain(TOPIC)
  })

  test('is joined again after the broker broke off', async () => {
    const broker = plugAt()
    const { session } = open(await addressOf(broker))
    await session.look()
    broker.dropAll()
    const looks = [await session.look(), await session.look()]
    expect(looks.at(-1)).toMatchObject({ ok: true })
    expect(broker.connects).toBe(2)
  })

  test('ends a question at once when the broker breaks off during it', async () => {
    const broker: BrokerDouble = new BrokerDouble({ onPublish: () => broker.dropAll() })
    const answer = await open(await addressOf(broker)).session.look()
    expect(answer).toMatchObject({ ok: false, code: 'absent' })
    expect(answer.ok ? '' : answer.reason).toContain('broke off')
  })
})

describe('a broker', () => {
  test('that wants a name and password gets them, and refuses others', async () => {
    const address = await addressOf(plugAt({ login: { user: 'perwatt', secret: SECRET } }))
    const options = { topic: TOPIC, user: 'perwatt' }
    expect(await open(address, SECRET, options).session.look()).toMatchObject({ ok: true })
    for (const [secret, user] of [
      ['wrong', 'perwatt'],
      [SECRET, 'nobody'],
      [null, 'perwatt'],
    ] as const) {
      const refused = await open(address, secret, { ...options, user }).session.look()
      expect(refused).toMatchObject({ ok: false, code: 'denied', remedy: { kind: 'setting' } })
      expect(refused.ok ? '' : refused.reason).not.toContain(SECRET)
    }
  })

  test('that lets nobody read the topic is said to', async () => {
    const address = await addressOf(plugAt({ forbidden: [`stat/${TOPIC}/STATUS8`] }))
    const answer = await open(address).session.look()
    expect(answer).toMatchObject({ ok: false, code: 'denied' })
    expect(answer.ok ? '' : answer.reason).toContain('read the topic')
  })

  test.each([
    ['garbage instead of a greeting', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['zeros', Buffer.alloc(64)],
    ['a length that never ends', Buffer.alloc(16, 0xff)],
  ])('that is none is told: %s', async (_, bytes) => {
    const address = (await tcpServer((socket) => socket.end(bytes))).replace('tcp:', 'mqtt:')
    expect(await open(address).session.look()).toMatchObject({ ok: false, code: 'absent' })
  })

  test('that is not there is told', async () => {
    expect(await open('mqtt://127.0.0.1:1').session.look()).toMatchObject({ ok: false, code: 'absent' })
  })

  test('that sends 10 MB is left before they are here', async () => {
    const broker: BrokerDouble = new BrokerDouble({
      onPublish: () => broker.publish(`stat/${TOPIC}/STATUS8`, Buffer.alloc(10_000_000, 0x20)),
    })
    const { host, session } = open(await addressOf(broker))
    const answer = await session.look()
    expect(answer).toMatchObject({ ok: false })
    expect(answer.ok ? '' : answer.reason).toContain('more than 1 MB')
    expect(host.traffic()[0]?.receivedBytes).toBeLessThan(3_000_000)
  })

  test('that sends garbage once it has been joined is left', async () => {
    const broker: BrokerDouble = new BrokerDouble({ onPublish: () => broker.write(Buffer.alloc(64, 0xff)) })
    expect(await open(await addressOf(broker)).session.look()).toMatchObject({ ok: false, code: 'absent' })
  })

  test('with a certificate of its own is sent nothing before that was accepted', async () => {
    const broker = plugAt({ login: { user: 'perwatt', secret: SECRET } })
    let receivedBytes = 0
    const address = (
      await tlsServer(METER_CERTIFICATE, (socket) => {
        socket.on('data', (chunk) => {
          receivedBytes += chunk.length
        })
        broker.serve(socket)
      })
    ).replace('tcp:', 'mqtts:')
    const options = { topic: TOPIC, user: 'perwatt' }
    const first = await testMeter(realHost(), { dialect: 'tasmota-mqtt', address, options }, SECRET)
    expect(first).toEqual({ ok: true, value: { units: [], unknownCertificateSha256: METER_CERTIFICATE.sha256 } })
    expect(receivedBytes).toBe(0)
    const accepted = { ...options, certificateSha256: METER_CERTIFICATE.sha256 }
    const second = await testMeter(realHost(), { dialect: 'tasmota-mqtt', address, options: accepted }, SECRET)
    expect(second).toMatchObject({ ok: true, value: { units: [{ unit: 'energy', powerW: 43 }] } })
  })
})

test('whatever a plug says, nothing throws and no number is made up', async () => {
  const clock = virtualClock({ wallMs: 0 })
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.constantFrom('', '{}', '{"ENERGY":{}}', '{"StatusSNS":null}', '{"StatusSNS":{"ENERGY":{"Power":"43"}}}'),
    fc.nat().map((cut) => status(43).slice(0, cut % status(43).length)),
  )
  await fc.assert(
    fc.asyncProperty(texts, fc.constantFrom('stat', 'tele'), async (text, prefix) => {
      const contact = new ScriptedContact()
      const topic = prefix === 'stat' ? `stat/${TOPIC}/STATUS8` : `tele/${TOPIC}/SENSOR`
      contact.broker = {
        joined: contact.broker.joined,
        published: (_to, _what, take) => take({ topic, text, isRetained: false }),
      }
      const session = tasmotaMqtt.open({ contact, options: { topic: TOPIC }, secret: null, clock })
      const answer = await session.look()
      await answered()
      if (answer.ok) for (const { powerW } of answer.value) expect(Number.isFinite(powerW)).toBe(true)
      else expect(answer.code).toBe('broken')
    }),
    fcOptions('tasmota-mqtt', 100, 5_000),
  )
})

test('the double is right about lengths beyond one byte', () => {
  expect(publishPacket('a', 'x'.repeat(200)).subarray(0, 3)).toEqual(Buffer.from([0x30, 0xcb, 0x01]))
})
