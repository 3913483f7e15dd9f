import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { MeterDialect, WallMeter } from '../../../../contract/wall-meter.ts'
import { realHost } from '../../../../engine/host/real.ts'
import { dialects } from '../../../../engine/sources/wall/dialects.ts'
import { testMeter } from '../../../../engine/sources/wall/test-meter.ts'
import { METER_CERTIFICATE } from '../../../support/certificates.ts'
import { httpServer, httpsServer, tcpServer } from '../../../support/loopback.ts'
import { behindBasic, behindBearer, behindDigest, fritzBox, json, pages, SECRET, upsd } from './doubles.ts'

type Options = WallMeter['options']

/** What the test of a meter finds: its units, or the code of its problem. */
async function found(dialect: MeterDialect, address: string, secret: string | null = null, options: Options = {}) {
  const result = await testMeter(realHost(), { dialect, address, options }, secret)
  if (result.ok)
    return result.value.units.map(({ unit, powerW, energyMj, provenance }) => [unit, powerW, energyMj, provenance])
  expect(result.reason).toMatch(/^The meter .+\.$/s)
  expect(result.reason).not.toContain(SECRET)
  return result.code
}

async function session(dialect: MeterDialect, listener: RequestListener, secret: string | null, options: Options = {}) {
  const host = realHost()
  const contact = host.contact(await httpServer(listener))
  return dialects[dialect].open({ contact, options, secret, clock: host.clock })
}

describe('a Shelly of the first generation', () => {
  const status = {
    meters: [
      { power: 32.72, overpower: 0, is_valid: true, timestamp: 1_700_000_000, counters: [32.1], total: 18_437 },
      { power: 0, is_valid: true },
      { power: 12, is_valid: false, total: 3 },
    ],
  }

  test('is read by its watt-minutes; a relay that measures nothing, or says that it is invalid, is no unit', async () => {
    const address = await httpServer(behindBasic('admin', pages({ '/status': status })))
    expect(await found('shelly-1', address, SECRET)).toEqual([['meter:0', 32.72, 18_437 * 60_000, 'counter']])
    expect(await found('shelly-1', address, 'wrong')).toBe('denied')
    expect(await found('shelly-1', address)).toBe('denied')
  })

  test('of the kind EM counts Wh', async () => {
    const emeters = [{ power: 412.3, reactive: 5, voltage: 230.1, is_valid: true, total: 123_456.7, total_returned: 0 }]
    const address = await httpServer(pages({ '/status': { emeters, meters: [] } }))
    expect(await found('shelly-1', address)).toEqual([['emeter:0', 412.3, 444_444_120_000, 'counter']])
  })
})

describe('a Shelly of the second generation', () => {
  const status = {
    'switch:0': { id: 0, output: true, apower: 43.1, aenergy: { total: 1289.452, by_minute: [712.44], minute_ts: 1 } },
    'switch:1': { id: 1, output: true },
    'pm1:0': { id: 0, apower: 5, aenergy: { total: 2.5 } },
    'em1:0': { id: 0, act_power: 10.5 },
    'em1data:0': { id: 0, total_act_energy: 3.21 },
    'em:0': { id: 0, total_act_power: 900 },
    'emdata:0': { id: 0, total_act: 7.5 },
    sys: { mac: 'A8' },
  }
  const units = [
    ['switch:0', 43.1, 4_642_027_200, 'counter'],
    ['pm1:0', 5, 9_000_000, 'counter'],
    ['em1:0', 10.5, 11_556_000, 'counter'],
    ['em:0', 900, 27_000_000, 'counter'],
  ]

  test('is read by its Wh; a switch without a meter has no watts, and none are made up', async () => {
    expect(await found('shelly-2', await httpServer(pages({ '/rpc/Shelly.GetStatus': status })))).toEqual(units)
  })

  test('checks who asks by digest; its nonce is used again until it runs out', async () => {
    const digest = behindDigest(pages({ '/rpc/Shelly.GetStatus': status }), 4)
    const plug = await session('shelly-2', digest, SECRET)
    for (let look = 0; look < 8; look++) expect(await plug.look()).toMatchObject({ ok: true })
    expect(digest.refusals).toBe(2)
  })

  test('is asked twice at most with a wrong password, and never without one', async () => {
    const digest = behindDigest(pages({}), 4)
    const address = await httpServer(digest)
    expect(await found('shelly-2', address, 'wrong')).toBe('denied')
    expect(digest.refusals).toBe(2)
    expect(await found('shelly-2', address)).toBe('denied')
    expect(digest.refusals).toBe(3)
  })

  test('that asks in a way that is not spoken is refused, not asked again and again', async () => {
    let asked = 0
    const address = await httpServer((_, response) => {
      asked++
      response.writeHead(401, { 'www-authenticate': 'Digest realm="x", nonce="y", algorithm=MD5, qop="auth"' }).end()
    })
    expect(await found('shelly-2', address, SECRET)).toBe('denied')
    expect(asked).toBe(1)
  })
})

describe('Tasmota', () => {
  const energy = (fields: string) => `{"StatusSNS":{"Time":"2026-01-15T10:11:12","ENERGY":{${fields}}}}`
  const answering =
    (body: string): RequestListener =>
    (request, response) => {
      expect(request.url?.startsWith('/cm?cmnd=Status%208')).toBe(true)
      response.end(body)
    }

  test('is read by its watts, since its register has steps of 1 Wh', async () => {
    const address = await httpServer(answering(energy('"Total":123.450,"Today":0.567,"Power":86,"Factor":0.90')))
    expect(await found('tasmota', address)).toEqual([['energy', 86, 444_420_000_000, 'sensor']])
  })

  test('is read by its register where that was made fine', async () => {
    const address = await httpServer(answering(energy('"Total":123.45600,"Power":86.25')))
    expect(await found('tasmota', address)).toEqual([['energy', 86.25, 444_441_600_000, 'counter']])
  })

  test('of several channels is their sum and each of them', async () => {
    const address = await httpServer(answering(energy('"Total":[1.000,2.000],"Power":[10,20]')))
    expect(await found('tasmota', address)).toEqual([
      ['energy', 30, 10_800_000_000, 'sensor'],
      ['channel:1', 10, 3_600_000_000, 'sensor'],
      ['channel:2', 20, 7_200_000_000, 'sensor'],
    ])
  })

  test('says with status 200 that it wants a password, and takes it from the query', async () => {
    const address = await httpServer((request, response) => {
      const query = new URL(request.url ?? '', 'http://plug').searchParams
      const isRight = query.get('user') === 'admin' && query.get('password') === SECRET
      response.end(isRight ? energy('"Power":5') : '{"WARNING":"Need user=<username>&password=<password>"}')
    })
    expect(await found('tasmota', address, SECRET)).toEqual([['energy', 5, null, 'sensor']])
    expect(await found('tasmota', address, 'wrong')).toBe('denied')
    expect(await found('tasmota', address)).toBe('denied')
  })

  test('without a metering chip has nothing to offer', async () => {
    expect(await found('tasmota', await httpServer(answering('{"StatusSNS":{"Time":"x"}}')))).toBe('absent')
  })
})

describe('Home Assistant', () => {
  const entity = (id: string, state: string, unit?: string) => ({
    entity_id: id,
    state,
    attributes: { friendly_name: `Name of ${id}`, ...(unit === undefined ? {} : { unit_of_measurement: unit }) },
    last_changed: '2026-01-15T10:11:12.345678+00:00',
  })
  const all = [
    entity('sensor.pc_power', '86.4', 'W'),
    entity('sensor.pc_kw', '0.0864', 'kW'),
    entity('sensor.pc_energy', '12.34', 'kWh'),
    entity('sensor.temperature', '21', '\u00b0C'),
    entity('sensor.lost', 'unavailable', 'W'),
    entity('light.desk', 'on'),
    { nonsense: true },
  ]

  test('offers its sensors of power and energy, by the unit that each says', async () => {
    const address = await httpServer(behindBearer('token', pages({ '/api/states': all })))
    expect(await found('home-assistant', address, 'token')).toEqual([
      ['sensor.pc_power', 86.4, null, 'sensor'],
      ['sensor.pc_kw', 86.4, null, 'sensor'],
      ['sensor.pc_energy', null, 44_424_000_000, 'counter'],
    ])
    expect(await found('home-assistant', address, 'other')).toBe('denied')
  })

  test('is asked for one entity alone once that is chosen', async () => {
    const address = await httpServer(behindBearer('token', pages({ '/api/states/sensor.pc_power': all[0] })))
    const options = { unit: 'sensor.pc_power' }
    expect(await found('home-assistant', address, 'token', options)).toEqual([
      ['sensor.pc_power', 86.4, null, 'sensor'],
    ])
    expect(await found('home-assistant', address, 'token', { unit: 'sensor.gone' })).toBe('absent')
    expect(await found('home-assistant', address, 'token', { unit: '../config' })).toBe('absent')
  })
})

describe('HomeWizard', () => {
  const data = {
    wifi_ssid: 'x',
    total_power_import_kwh: 30.511,
    total_power_import_t1_kwh: 30.511,
    active_power_w: 543.312,
  }

  test('is read by its watts, since its register has steps of 1 Wh', async () => {
    const address = await httpServer(pages({ '/api/v1/data': data }))
    expect(await found('homewizard', address)).toEqual([['socket', 543.312, 109_839_600_000, 'sensor']])
  })

  test('of old firmware has one register only', async () => {
    const old = { total_power_import_t1_kwh: 1.5, active_power_w: 3 }
    expect(await found('homewizard', await httpServer(pages({ '/api/v1/data': old })))).toEqual([
      ['socket', 3, 5_400_000_000, 'sensor'],
    ])
  })

  test('says where its interface is switched off', async () => {
    const address = await httpServer((_, response) =>
      json(response, { error: { id: 202, description: 'API not enabled' } }, 403),
    )
    const result = await testMeter(realHost(), { dialect: 'homewizard', address, options: {} }, null)
    expect(result).toMatchObject({ ok: false, code: 'denied', reason: expect.stringContaining('HomeWizard app') })
  })

  test('of the second version is asked once its certificate was accepted, and sent nothing before', async () => {
    const page = pages({ '/api/measurement': { power_w: 12.5, energy_import_kwh: 2 } })
    let asked = 0
    const address = await httpsServer(METER_CERTIFICATE, (request, response) => {
      asked++
      if (request.headers['x-api-version'] === '2') behindBearer('token', page)(request, response)
      else response.writeHead(400).end()
    })
    const result = await testMeter(realHost(), { dialect: 'homewizard', address, options: {} }, 'token')
    expect(result).toEqual({ ok: true, value: { units: [], unknownCertificateSha256: METER_CERTIFICATE.sha256 } })
    const other = { certificateSha256: '0'.repeat(64) }
    expect(await found('homewizard', address, 'token', other)).toBe('denied')
    expect(asked).toBe(0)
    const accepted = { certificateSha256: METER_CERTIFICATE.sha256 }
    expect(await found('homewizard', address, 'token', accepted)).toEqual([['socket', 12.5, 7_200_000_000, 'sensor']])
  })
})

describe('a FRITZ!Box', () => {
  test('lets in by PBKDF2, and its plugs are read by their watts', async () => {
    const address = await httpServer(fritzBox({ user: 'perwatt' }))
    expect(await found('fritz', address, SECRET, { user: 'perwatt' })).toEqual([
      ['116570123456', 86.42, 44_442_000_000, 'sensor'],
    ])
    expect(await found('fritz', address, 'wrong', { user: 'perwatt' })).toBe('denied')
    expect(await found('fritz', address, null)).toBe('denied')
  })

  test('is logged in to once, and again when the session has ended', async () => {
    const box = fritzBox({ user: 'perwatt' })
    const plugs = await session('fritz', box, SECRET, { user: 'perwatt' })
    for (let look = 0; look < 3; look++) expect(await plugs.look()).toMatchObject({ ok: true })
    expect(box.logins()).toBe(1)
    box.endSessions()
    expect(await plugs.look()).toMatchObject({ ok: true, value: [{ name: 'PC & screen' }] })
    expect(box.logins()).toBe(2)
  })

  test('that is locked, too old, or wants to keep us busy is not sent an answer', async () => {
    for (const options of [
      { user: 'x', blockS: 12 },
      { user: 'x', challenge: '0123abcd' },
      { user: 'x', challenge: '2$999999999$aa$6000$bb' },
    ]) {
      const box = fritzBox(options)
      expect(await found('fritz', await httpServer(box), SECRET, { user: 'x' })).toBe('denied')
      expect(box.logins()).toBe(0)
    }
  })

  test('shows a plug whose figures are not known as one that measures nothing now', async () => {
    const box = fritzBox({ user: 'x', powermeter: '<voltage/><power></power><energy>inval</energy>' })
    expect(await found('fritz', await httpServer(box), SECRET, { user: 'x' })).toBe('absent')
  })
})

describe('ESPHome', () => {
  const sensors = pages({
    '/sensor/pc_power': { id: 'sensor-pc_power', value: 86.4, state: '86.4 W' },
    '/sensor/pc_kw': { id: 'sensor-pc_kw', value: 0.0864, state: '0.0864 kW' },
    '/sensor/pc_energy': { id: 'sensor-pc_energy', value: 1.5, state: '1.5 kWh' },
    '/sensor/lost': { id: 'sensor-lost', value: null, state: 'NA' },
    '/sensor/unitless': { id: 'sensor-unitless', value: 86.4, state: '86.4' },
    '/sensor/volts': { id: 'sensor-volts', value: 230, state: '230 V' },
  })

  test('is read by the unit that the sensor says, and by none that is guessed', async () => {
    const address = await httpServer(behindBasic('esp', sensors))
    const read = (unit: string) => found('esphome', address, SECRET, { user: 'esp', unit })
    expect(await read('pc_power')).toEqual([['pc_power', 86.4, null, 'sensor']])
    expect(await read('pc_kw')).toEqual([['pc_kw', 86.4, null, 'sensor']])
    expect(await read('pc_energy')).toEqual([['pc_energy', null, 5_400_000_000, 'counter']])
    for (const unit of ['lost', 'unitless', 'volts', 'none', '../x']) expect(await read(unit)).toBe('absent')
    expect(await found('esphome', address, SECRET)).toBe('absent')
    expect(await found('esphome', address, 'wrong', { user: 'esp', unit: 'pc_power' })).toBe('denied')
  })
})

describe('a UPS behind NUT', () => {
  test('tells watts by the best variable that it has', async () => {
    const address = await tcpServer(
      upsd({
        watts: { 'ups.realpower': '142', 'ups.load': '23', 'ups.realpower.nominal': '600', 'ups.status': 'OL' },
        output: { 'output.realpower': '99.5' },
        nominal: { 'ups.load': '25', 'ups.realpower.nominal': '600' },
        va: { 'ups.load': '10', 'ups.power.nominal': '1000' },
        factor: { 'ups.load': '10', 'ups.power.nominal': '1000', 'output.powerfactor': '0.9' },
        strip: {
          'input.realpower': '50',
          'outlet.1.realpower': '20',
          'outlet.1.desc': 'Desk \\"PC\\"',
          'outlet.2.realpower': '30',
        },
        blind: { 'ups.load': '10', 'ups.status': 'OL' },
      }),
    )
    expect(await found('nut', address)).toEqual([
      ['watts', 142, null, 'sensor'],
      ['output', 99.5, null, 'sensor'],
      ['nominal', 150, null, 'estimate'],
      ['va', 70, null, 'estimate'],
      ['factor', 90, null, 'estimate'],
      ['strip', 50, null, 'sensor'],
      ['strip/outlet.1', 20, null, 'sensor'],
      ['strip/outlet.2', 30, null, 'sensor'],
    ])
    expect(await found('nut', address, null, { unit: 'output' })).toEqual([['output', 99.5, null, 'sensor']])
    expect(await found('nut', address, null, { unit: 'none' })).toBe('absent')
    expect(await found('nut', address, null, { unit: 'x"\nINSTCMD x' })).toBe('absent')
  })

  test('may ask for a name and a password', async () => {
    const address = await tcpServer(upsd({ ups: { 'ups.realpower': '7' } }, 'monitor'))
    expect(await found('nut', address, 'upspass', { user: 'monitor' })).toEqual([['ups', 7, null, 'sensor']])
    expect(await found('nut', address, 'wrong', { user: 'monitor' })).toBe('denied')
    expect(await found('nut', address, 'x"\nINSTCMD y', { user: 'monitor' })).toBe('denied')
    expect(await found('nut', address)).toBe('denied')
  })

  test('that lost its cable is away, not at 0 W', async () => {
    const address = await tcpServer((socket) => socket.on('data', () => socket.write('ERR DATA-STALE\n')))
    expect(await found('nut', address, null, { unit: 'ups' })).toBe('absent')
  })
})

describe('a server’s controller', () => {
  const chassis = '/redfish/v1/Chassis'
  const listener = behindBasic(
    'monitor',
    pages({
      [chassis]: {
        Members: [{ '@odata.id': `${chassis}/1` }, { '@odata.id': `${chassis}/2/` }, { '@odata.id': 'http://evil/' }],
      },
      [`${chassis}/1/Power`]: {
        PowerControl: [
          { MemberId: '0', PowerConsumedWatts: 344, PowerCapacityWatts: 800 },
          { PowerConsumedWatts: null },
        ],
        PowerConsumedWatts: 344,
      },
      [`${chassis}/2/EnvironmentMetrics`]: { PowerWatts: { Reading: 120.5 }, EnergykWh: { Reading: 1234.5 } },
    }),
  )

  test('offers each supply of each chassis, and is then asked for one', async () => {
    const address = await httpsServer(METER_CERTIFICATE, listener)
    const user = { user: 'monitor', certificateSha256: METER_CERTIFICATE.sha256 }
    expect(await found('redfish', address, SECRET, user)).toEqual([
      [`${chassis}/1/Power#0`, 344, null, 'sensor'],
      [`${chassis}/2/EnvironmentMetrics#0`, 120.5, null, 'sensor'],
    ])
    const unit = `${chassis}/1/Power#0`
    expect(await found('redfish', address, SECRET, { ...user, unit })).toEqual([[unit, 344, null, 'sensor']])
    expect(await found('redfish', address, SECRET, { ...user, unit: '/redfish/v1/AccountService#0' })).toBe('absent')
    expect(await found('redfish', address, 'wrong', user)).toBe('denied')
  })
})

describe('a Prometheus exporter', () => {
  const text = [
    '# HELP scaph_host_energy_microjoules Energy',
    '# TYPE scaph_host_energy_microjoules counter',
    'scaph_host_energy_microjoules 1.5e+09',
    'node_cpu_seconds_total{cpu="0"} 5',
    'plug_watts{room="desk",note="a } \\" b"} 86.4 1700000000000',
    'plug_watts{room="hall"} NaN',
    'odd_power 5',
    'plug_watts{broken',
    '# EOF',
  ].join('\n')
  const listener: RequestListener = (request, response) => {
    if (request.url === '/metrics') response.setHeader('content-type', 'text/plain; version=0.0.4').end(text)
    else response.writeHead(404).end()
  }

  test('offers what sounds like power or energy, and has a unit', async () => {
    const address = await httpServer(listener)
    expect(await found('prometheus', address)).toEqual([
      ['scaph_host_energy_microjoules', null, 1_500_000, 'counter'],
      ['plug_watts{room="desk",note="a } \\" b"}', 86.4, null, 'sensor'],
    ])
    expect(await found('prometheus', address, null, { path: '/other' })).toBe('absent')
  })

  test('is believed what the user says of a metric, whatever its name', async () => {
    const address = await httpServer(behindBearer('token', listener))
    const options = { unit: 'odd_power', quantity: 'mW' } as const
    expect(await found('prometheus', address, 'token', options)).toEqual([['odd_power', 0.005, null, 'sensor']])
    expect(await found('prometheus', address, 'other', options)).toBe('denied')
  })
})

const everyHttp = (Object.keys(dialects) as MeterDialect[]).filter(
  (dialect) => dialect !== 'nut' && dialect !== 'tasmota-mqtt',
)
const unit = { 'home-assistant': 'sensor.x', esphome: 'x' } as Partial<Record<MeterDialect, string>>

describe.each(everyHttp)('whatever answers instead of a meter (%s)', (dialect) => {
  const options = unit[dialect] === undefined ? {} : { unit: unit[dialect] }
  const ask = async (listener: RequestListener) => found(dialect, await httpServer(listener), 'secret', options)

  test('a redirect, a web page, 10 MB, or an error is a problem', async () => {
    expect(await ask((_, response) => response.writeHead(301, { location: 'http://192.0.2.1/' }).end())).toBe('broken')
    expect(await ask((_, response) => response.end(Buffer.alloc(10_000_000, 0x20)))).toBe('broken')
    expect(await ask((_, response) => response.writeHead(500).end('oops'))).toBe('broken')
    expect(await ask((_, response) => response.writeHead(404).end('none'))).toBe('absent')
    expect(await ask((_, response) => response.writeHead(401).end('no'))).toBe('denied')
    // A web page has no metric either: an exporter's text may be anything.
    const page = await ask((_, response) => response.end('<!doctype html><title>Router</title>'))
    expect(page).toBe(dialect === 'prometheus' ? 'absent' : 'broken')
  })

  test('a server that hangs up, or is not there, is away', async () => {
    const address = await tcpServer((socket) => socket.destroy())
    expect(await found(dialect, address.replace('tcp', 'http'), 'secret', options)).toBe('absent')
    expect(await found(dialect, 'http://127.0.0.1:1', 'secret', options)).toBe('absent')
  })
})
