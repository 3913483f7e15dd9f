import { pbkdf2Sync } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MeterDialect } from '../../../../contract/wall-meter.ts'
import { virtualClock } from '../../../../engine/clock/virtual.ts'
import { Agreement } from '../../../../engine/sources/wall/agreement.ts'
import { dialects } from '../../../../engine/sources/wall/dialects.ts'
import { answerChallenge, parseChallenge } from '../../../../engine/sources/wall/digest.ts'
import { answerLogin, parseSession } from '../../../../engine/sources/wall/fritz-login.ts'
import { judgeUnits } from '../../../../engine/sources/wall/judge.ts'
import { samplesOf } from '../../../../engine/sources/wall/prometheus-text.ts'
import { decimalOf, quantityOf } from '../../../../engine/sources/wall/quantity.ts'
import { fcOptions } from '../../../support/counts.ts'
import { meterWith } from './meters.ts'
import { ScriptedContact } from './scripted-contact.ts'

test('digest answers as RFC 7616 shows in its example for SHA-256', async () => {
  const challenge = parseChallenge(
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
  )
  if (challenge === null) throw new Error('a challenge was expected')
  const header = await answerChallenge(challenge, {
    user: 'Mufasa',
    secret: 'Circle of Life',
    path: '/dir/index.html',
    count: 1,
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  })
  expect(header).toContain('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"')
  expect(header).toContain('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"')
})

test('a challenge beside others is found, and one in another tongue is none', () => {
  expect(parseChallenge('Basic realm="x", Digest realm="y", nonce="n", qop="auth", algorithm=SHA-256')?.realm).toBe('y')
  for (const header of [
    '',
    'Basic realm="x"',
    'Digest realm="x", nonce="y", qop="auth"',
    'Digest realm="x", nonce="y", qop="auth", algorithm=MD5',
    'Digest realm="x", nonce="y", qop="auth-int", algorithm=SHA-256',
    'Digest realm="x", qop="auth", algorithm=SHA-256',
  ])
    expect(parseChallenge(header)).toBeNull()
})

test('a FRITZ!Box is answered as AVM describes it', async () => {
  const inner = pbkdf2Sync('1example!', Buffer.from('5A1711', 'hex'), 10_000, 32, 'sha256')
  const outer = pbkdf2Sync(inner, Buffer.from('5A1722', 'hex'), 2_000, 32, 'sha256').toString('hex')
  // AVM's own worked example.
  expect(outer).toBe('1798a1672bca7c6463d6b245f82b53703b0f50813401b03e4045a5861e689adb')
  expect(await answerLogin('2$10000$5A1711$2000$5A1722', '1example!')).toBe(`5A1722$${outer}`)
})

test('numbers and units are taken as they are written, or not at all', () => {
  expect(['86.4', '-3', ' 7 ', '1e3', 'NaN', 'unavailable', '', '1,5', '0x10', '1.'].map(decimalOf)).toEqual([
    86.4,
    -3,
    7,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
  ])
  expect(['mW', 'W', 'kW', 'MW'].map((unit) => quantityOf(2, unit)?.powerW)).toEqual([0.002, 2, 2_000, 2_000_000])
  expect(['mJ', 'J', 'MJ', 'Wh', 'kWh'].map((unit) => quantityOf(2, unit)?.energy?.energyMj)).toEqual([
    2, 2_000, 2e9, 7_200_000, 7_200_000_000,
  ])
  for (const unit of ['', 'w', 'watt', 'VA', 'V', 'kw', '__proto__', 'constructor'])
    expect(quantityOf(2, unit)).toBeNull()
})

test('watts and register that agree are believed, however they swing; ones that do not are told after two windows', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 5, max: 3_000, noNaN: true }),
      fc.constantFrom(1 / 60, 1 / 10, 1, 60, 1_000),
      (powerW, factor) => {
        const agreement = new Agreement()
        let verdict: number | null = null
        for (let atMs = 0; atMs <= 36_000_000; atMs += 10_000) {
          verdict = agreement.take(atMs, powerW, Math.floor(powerW * atMs * factor)) ?? verdict
        }
        if (factor === 1) expect(verdict).toBeNull()
        else expect(verdict === null ? 0 : verdict / factor).toBeCloseTo(1, 1)
      },
    ),
    fcOptions('agreement', 20, 500),
  )
})

test('a register that is two minutes late is not accused', () => {
  const agreement = new Agreement()
  const totals: number[] = []
  let totalMj = 0
  for (let second = 0; second < 20_000; second += 10) {
    const powerW = Math.floor(second / 580) % 2 === 0 ? 900 : 2
    totalMj += powerW * 10_000
    totals.push(totalMj)
    expect(agreement.take(second * 1_000, powerW, totals[Math.max(0, totals.length - 13)] ?? 0)).toBeNull()
  }
})

test('no challenge, greeting or metric text throws, and a found number is one', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '\\', '=', ',', '{', '}', ' ', '2', '$', 'a', '\n', 'Digest ', '<SID>') }),
  )
  await fc.assert(
    fc.asyncProperty(text, async (garbage) => {
      parseChallenge(garbage)
      parseChallenge(`Digest ${garbage}`)
      parseSession(`<SID>0000000000000000</SID><Challenge>${garbage}</Challenge>`)
      expect(await answerLogin(garbage, 'x')).toBeNull()
      for (const { value } of samplesOf(`m ${garbage}\n${garbage}`, () => true))
        expect(value === null || Number.isFinite(value)).toBe(true)
    }),
    fcOptions('wall-parsers', 200, 20_000),
  )
})

test.each(MeterDialect.options)(
  '%s: garbage is a problem or nothing, never an exception, and never passes for a figure',
  async (id) => {
    const unit = {
      'home-assistant': 'sensor.x',
      esphome: 'x',
      redfish: '/redfish/v1/Chassis/1/Power#0',
      prometheus: 'x_watts',
      nut: 'ups',
    }
    const named: Readonly<Record<string, string>> = unit
    const xml = fc
      .string()
      .map(
        (inner) =>
          `<devicelist><device identifier="1 2"><present>1</present><powermeter><power>${inner}</power></powermeter></device>`,
      )
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      xml,
      fc.string().map((inner) => `VAR ups ups.realpower "${inner}"\nEND LIST VAR ups\n`),
    )
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), async (garbage, isChosen) => {
        const contact = new ScriptedContact()
        contact.answer = garbage
        const options = isChosen && named[id] !== undefined ? { unit: named[id] } : {}
        const units = await dialects[id]
          .open({ contact, options, secret: 'x', clock: virtualClock({ wallMs: 0 }) })
          .look()
        if (!units.ok) {
          expect(units.reason).not.toBe('')
          return
        }
        for (const provenance of ['counter', 'sensor'] as const) {
          const judged = judgeUnits(meterWith({ dialect: id, provenance, options }).meter, units.value)
          if (!judged.ok) continue
          const { energy, powerW } = judged.value
          if (provenance === 'counter')
            expect(Number.isSafeInteger(energy?.energyMj) && (energy?.energyMj ?? -1) >= 0).toBe(true)
          else expect(powerW !== null && powerW >= 0 && powerW <= dialects[id].plausibleMaxW).toBe(true)
        }
      }),
      fcOptions('wall-dialects', 60, 5_000),
    )
  },
)
