import fc from 'fast-check'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { metersContract } from '../../../contract/meters.ts'
import { problem } from '../../../contract/result.ts'
import { MeterDialect, WallMeter } from '../../../contract/wall-meter.ts'
import { Addresses } from '../../../renderer/screens/settings/network.tsx'
import { parseAddress } from '../../../renderer/screens/sources/meters/address.ts'
import {
  type Draft,
  draftOf,
  fingerprintText,
  freshId,
  orderOf,
  questionOf,
} from '../../../renderer/screens/sources/meters/draft.ts'
import { kinds, quantities } from '../../../renderer/screens/sources/meters/kinds.ts'
import { Certificate, Continuation, Refused } from '../../../renderer/screens/sources/meters/test-outcome.tsx'
import { KeyLine, MeterList } from '../../../renderer/screens/sources/meters/wall-meters.tsx'
import { fcOptions } from '../../support/counts.ts'
import { AT_S, scenes } from '../fixtures.ts'

const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
const plug = kinds['shelly-2']
const { address: contractAddress } = WallMeter.shape

/** What a reader reads: the text, thin spaces as `_`. */
function text(element: React.ReactElement): string {
  return renderToStaticMarkup(element)
    .replace(/<[^>]*>/g, '')
    .replaceAll('\u202f', '_')
}

describe('an address', () => {
  test.each([
    ['192.168.1.20', 'http://192.168.1.20'],
    [' http://Plug.local/ ', 'http://plug.local'],
    ['https://192.168.1.20:8443', 'https://192.168.1.20:8443'],
    ['HTTP://plug.local:80', 'http://plug.local'],
    ['[fe80::1]', 'http://[fe80::1]'],
    ['plug.local:8080', 'http://plug.local:8080'],
  ])('typed as “%s” is %s', (typed, address) => {
    expect(parseAddress(typed, plug)).toEqual({ ok: true, value: address })
  })

  test('of a UPS has the port of its server where none is typed', () => {
    expect(parseAddress('nas.local', kinds.nut)).toEqual({ ok: true, value: 'tcp://nas.local:3493' })
    expect(parseAddress('tcp://nas.local:1234', kinds.nut)).toEqual({ ok: true, value: 'tcp://nas.local:1234' })
  })

  test.each([
    ['', 'Type its address, such as http://192.168.1.20.'],
    ['tcp://plug', 'Meters of this kind are asked by http or https, such as http://192.168.1.20.'],
    ['http://admin:secret@plug', 'User name and password have fields of their own below.'],
    [
      'http://plug/status',
      'Type the address alone, such as http://192.168.1.20; which page to ask follows from the kind.',
    ],
    ['my plug', 'This is no address of a machine; type one such as http://192.168.1.20.'],
    ['plug:99999', 'This is no address of a machine; type one such as http://192.168.1.20.'],
    ['fe80::1', 'This is no address of a machine; type one such as http://192.168.1.20.'],
  ])('“%s” is refused: %s', (typed, reason) => {
    expect(parseAddress(typed, plug)).toMatchObject({ ok: false, code: 'address', reason })
  })

  test('that the window takes is one that the engine takes, whatever is typed', () => {
    const piece = fc.constantFrom(
      'http://',
      'https://',
      'tcp://',
      'a',
      '.',
      ':',
      '80',
      '@',
      '/',
      '?',
      '\\',
      ' ',
      '[',
      ']',
      '%',
      'ü',
    )
    const typed = fc.oneof(
      fc.string(),
      fc.webUrl(),
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(typed, fc.constantFrom(...MeterDialect.options), (one, dialect) => {
        const parsed = parseAddress(one, kinds[dialect])
        if (parsed.ok) expect(contractAddress.safeParse(parsed.value).success).toBe(true)
      }),
      fcOptions('METERS', 200, 20_000),
    )
  })
})

describe('a meter that is being set up', () => {
  const fields: Draft = { ...draftOf(null), name: ' Desk plug ', address: '192.168.1.20', user: 'ada', secret: 'pw' }
  const unit = { unit: 'switch:0', name: 'Desk', powerW: 40, energyMj: null, provenance: 'counter' } as const
  const fresh = { before: null, taken: ['desk'] }

  test.each(MeterDialect.options)('of kind %s is asked and saved as the engine wants it', (dialect) => {
    const kind = kinds[dialect]
    const draft: Draft = {
      ...fields,
      dialect,
      address: kind.example,
      unit: 'pc_power',
      quantity: 'W',
      path: '/metrics',
      topic: ' home/desk ',
    }
    const question = questionOf(draft, null)
    if (!question.ok) throw new Error(question.reason)
    expect(metersContract.testMeter.input.parse(question.value)).toEqual(question.value)
    expect(question.value.options.user).toBe(kind.user === null ? undefined : 'ada')
    expect(question.value.options.unit).toBe(kind.unit === null ? undefined : 'pc_power')
    expect(question.value.options.topic).toBe(kind.topic === null ? undefined : 'home/desk')
    const order = orderOf(draft, question.value, unit, fresh)
    if (!order.ok) throw new Error(order.reason)
    expect(metersContract.setMeter.input.parse(order.value)).toEqual(order.value)
    expect(order.value).toMatchObject({
      meter: { id: 'desk-plug', name: 'Desk plug', provenance: 'counter', options: { unit: 'switch:0' } },
      secret: 'pw',
    })
  })

  test('keeps its secret where none is typed, and its certificate only for the address that showed it', () => {
    const known = WallMeter.parse({
      ...{ id: 'desk', name: 'Desk', dialect: 'redfish', address: 'https://10.0.0.1', provenance: 'sensor' },
      ...{ options: { unit: '/redfish/v1/Chassis/1/Power#0', certificateSha256: SHA256 }, hasSecret: true },
    })
    const draft = draftOf(known)
    expect(questionOf(draft, known.id)).toEqual({
      ok: true,
      value: {
        id: 'desk',
        dialect: 'redfish',
        address: 'https://10.0.0.1',
        options: { certificateSha256: SHA256 },
      },
    })
    expect(questionOf({ ...draft, address: 'http://10.0.0.1' }, known.id)).toMatchObject({ value: { options: {} } })
    expect(questionOf({ ...draft, forgetsSecret: true }, known.id)).toMatchObject({ value: { secret: null } })
  })

  test('says which field must be mended first', () => {
    expect(questionOf({ ...fields, dialect: 'esphome', unit: ' ' }, null)).toMatchObject({ code: 'unit' })
    for (const topic of ['', 'tele/#', '/x', 'a+b'])
      expect(questionOf({ ...fields, dialect: 'tasmota-mqtt', address: 'nas', topic }, null)).toMatchObject({
        code: 'topic',
      })
    expect(questionOf({ ...fields, dialect: 'prometheus', path: 'metrics' }, null)).toMatchObject({ code: 'path' })
    const metric: Draft = { ...fields, dialect: 'prometheus' }
    const question = questionOf(metric, null)
    if (!question.ok) throw new Error(question.reason)
    expect(orderOf(metric, question.value, unit, fresh)).toMatchObject({ code: 'quantity' })
    expect(orderOf({ ...fields, name: '  ' }, question.value, unit, fresh)).toMatchObject({ code: 'name' })
  })

  test('goes on with its history, or takes a new id where it measures something else', () => {
    const before = WallMeter.parse({
      ...{ id: 'desk', name: 'Desk', dialect: 'shelly-2', address: 'http://10.0.0.1', provenance: 'counter' },
      ...{ options: { unit: 'switch:0' }, hasSecret: false },
    })
    const ordered = (part: Partial<Draft>, of: Parameters<typeof orderOf>[2] = unit) => {
      const draft = { ...draftOf(before), ...part }
      const question = questionOf(draft, before.id)
      if (!question.ok) throw new Error(question.reason)
      const order = orderOf(draft, question.value, of, { before, taken: ['desk', 'desk-2'] })
      if (!order.ok) throw new Error(order.reason)
      const { meter, replaces, hasMoved } = order.value
      return { id: meter.id, replaces, hasMoved }
    }
    expect(ordered({ name: 'Table' })).toEqual({ id: 'desk' })
    expect(ordered({}, { ...unit, unit: 'switch:1' })).toEqual({ id: 'desk-3', replaces: 'desk' })
    expect(ordered({}, { ...unit, provenance: 'sensor' })).toEqual({ id: 'desk-3', replaces: 'desk' })
    expect(ordered({ address: '10.0.0.2' })).toEqual({ id: 'desk-3', replaces: 'desk' })
    expect(ordered({ address: '10.0.0.2', hasMoved: true })).toEqual({ id: 'desk', hasMoved: true })
  })

  test('every quantity of the contract can be chosen', () => {
    const { quantity } = WallMeter.shape.options.shape
    for (const one of Object.keys(quantities)) expect(quantity.safeParse(one).success).toBe(true)
    expect(Object.keys(quantities)).toHaveLength(10)
  })
})

test('an id comes from the name, is one that the engine takes, and is nobody else’s', () => {
  expect(freshId('Desk plug', [])).toBe('desk-plug')
  expect(freshId('Desk plug', ['desk-plug', 'desk-plug-2'])).toBe('desk-plug-3')
  expect(freshId('Küche № 1', [])).toBe('kuche-no-1')
  expect(freshId('電源', [])).toBe('meter')
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string(), { maxLength: 15 }), (name, others) => {
      const taken = others.map((other) => freshId(other, []))
      const id = freshId(name, taken)
      expect(WallMeter.shape.id.safeParse(id).success).toBe(true)
      expect(taken).not.toContain(id)
    }),
    fcOptions('METERS', 200, 20_000),
  )
})

test('a fingerprint is written as browsers write it', () => {
  expect(fingerprintText(SHA256)).toMatch(/^9F:86:D0:81:.*:0A:08$/)
})

describe('the list of meters', () => {
  const answers = scenes.meters?.()
  if (answers?.settings?.ok !== true || answers.now?.ok !== true) throw new Error('The fixture has meters.')
  const { wallMeters } = answers.settings.value
  const { domains } = answers.now.value
  const list = (meters: readonly WallMeter[], of = domains) =>
    text(<MeterList meters={meters} domains={of} onChange={() => {}} onRemove={() => {}} />)

  test('says what a meter brings where there is none', () => {
    expect(list([])).toContain('None is set up.')
    expect(list([])).toContain('the desktop’s losses, fans and display')
  })

  test('shows what a meter reads, and how', () => {
    expect(list(wallMeters.slice(0, 1))).toBe(
      'MeasuringDesk plug118_W ±_4ChangeRemoveShelly, second generation or later · https://192.168.1.20 · read by its energy register',
    )
  })

  test('says why one fails, without a number', () => {
    const failing = list(wallMeters.slice(1))
    expect(failing).toMatch(/^FailingUPS in the cellar–not known/)
    expect(failing).toMatch(/gives no figure: nas.local does not answer\.$/)
  })

  test('one that was not asked yet waits for its first reading', () => {
    expect(list(wallMeters.slice(0, 1), [])).toMatch(/^First reading to comeDesk plug–/)
  })
})

describe('a test', () => {
  test('that was refused says why; that the place to mend it is here is not repeated', () => {
    const reason = 'The meter cannot be used: it wants a token.'
    const refused = problem('denied', reason, { kind: 'setting', path: 'Wall meters', note: 'Compare it.' })
    const shown = (canForget: boolean) =>
      text(<Refused problem={refused} canForgetCertificate={canForget} onForgetCertificate={() => {}} />)
    expect(shown(false)).toBe(`${reason}Compare it.`)
    expect(shown(true)).toContain('Forget its old certificate')
  })

  test('shows a certificate that nobody vouches for before anything is sent', () => {
    const shown = text(<Certificate sha256={SHA256} onAccept={() => {}} />)
    expect(shown).toContain('Nothing was sent yet.')
    expect(shown).toContain(`${fingerprintText(SHA256)}It is my meter`)
  })

  test('of a changed meter says what becomes of its history', () => {
    const shown = (goesOn: 'same' | 'moved' | 'other') =>
      text(<Continuation goesOn={goesOn} hasMoved={false} onMoved={() => {}} />)
    expect(shown('same')).toBe('')
    expect(shown('moved')).toContain('The same meter at a new address')
    expect(shown('other')).toContain('a history of its own')
  })
})

describe('the addresses that Perwatt asks', () => {
  const meters = scenes.meters?.().settings
  if (meters?.ok !== true) throw new Error('The fixture has meters.')
  const shown = (addresses: React.ComponentProps<typeof Addresses>['traffic']['addresses']) =>
    text(<Addresses traffic={{ addresses }} meters={meters.value.wallMeters} nowMs={AT_S * 1_000} />)

  test('are none until one is typed', () => {
    expect(shown([])).toContain('None: everything stays on this machine.')
  })

  test('are listed with what each is for, its last answer and bytes', () => {
    const asked = { sentBytes: 840, receivedBytes: 12_400, answeredS: AT_S - 90 }
    expect(shown([{ address: 'tcp://nas.local:3493', ...asked }])).toContain(
      'tcp://nas.local:3493UPS in the cellar2_min ago840_B12_kB',
    )
    expect(shown([{ address: 'http://10.0.0.9', ...asked, answeredS: null }])).toContain(
      'http://10.0.0.9not set upnone yet',
    )
  })
})

test('where the key of the passwords lies is one line, and none while it cannot be opened', () => {
  expect([text(<KeyLine place="keyring" />), text(<KeyLine place="file" />), text(<KeyLine place={null} />)]).toEqual([
    'Passwords are kept encrypted; their key is in the desktop’s keyring.',
    'Passwords are kept encrypted; their key is in a file that only your account can read.',
    '',
  ])
})
