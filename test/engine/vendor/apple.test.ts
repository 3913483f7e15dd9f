import { describe, expect, test } from 'vitest'
import { acceleratorsDriver } from '../../../engine/vendor/accelerators.ts'
import type { VendorDriver, VendorLibrary } from '../../../engine/vendor/driver.ts'
import { ioreportDriver } from '../../../engine/vendor/ioreport.ts'
import { libprocDriver } from '../../../engine/vendor/libproc.ts'
import { loadLibrary } from '../../../engine/vendor/library.ts'
import { smartBatteryDriver } from '../../../engine/vendor/smart-battery.ts'
import { smcDriver } from '../../../engine/vendor/smc.ts'
import { AppleLibraries } from '../../support/apple-libraries.ts'

function open(driver: VendorDriver, apple: AppleLibraries): VendorLibrary {
  const opened = driver.open(apple.host)
  if (!opened.ok) throw new Error(opened.reason)
  return opened.value
}

/** Reads a hundred times; what is held must not grow, and nothing be left in the end. */
function expectNoLeak(driver: VendorDriver, apple: AppleLibraries, request: unknown = undefined): void {
  const before = apple.alive
  const library = open(driver, apple)
  library.read(request)
  const { alive } = apple
  for (let count = 0; count < 100; count++) library.read(request)
  expect(apple.alive).toBe(alive)
  library.close()
  expect(apple.alive).toBe(before)
}

describe('ioreport', () => {
  const chip = () => {
    const apple = new AppleLibraries()
    apple.channels = [
      { channel: 'ECPU0', unit: 'mJ', value: 1n },
      { channel: 'CPU Energy', unit: 'mJ ', value: 2n ** 60n },
      { channel: 'GPU Energy', unit: 'nJ', value: 7n },
      { channel: 'ANE', unit: null, value: -1n },
    ]
    return apple
  }

  test('reads the channels that it subscribed to, as they are', () => {
    expect(open(ioreportDriver, chip()).read(undefined)).toEqual({
      channels: [
        { name: 'CPU Energy', unit: 'mJ ', value: String(2n ** 60n) },
        { name: 'GPU Energy', unit: 'nJ', value: '7' },
        { name: 'ANE', unit: '', value: '-1' },
      ],
    })
  })

  test('says that there was no sample', () => {
    const apple = chip()
    const library = open(ioreportDriver, apple)
    apple.channels = null
    expect(library.read(undefined)).toEqual({ channels: null })
  })

  test('is absent where there is no such group, and leaves nothing behind', () => {
    const apple = new AppleLibraries()
    expect(ioreportDriver.open(apple.host)).toMatchObject({ ok: false, code: 'absent' })
    expect(apple.alive).toBe(0)
  })

  test('releases what it creates', () => expectNoLeak(ioreportDriver, chip()))
})

describe('smc', () => {
  /** A controller with one key, which answers in the structure of 80 bytes. */
  function controller(opens = 0) {
    const apple = new AppleLibraries()
    apple.registry.push({ className: 'AppleSMC', name: 'Other' })
    apple.registry.push({
      className: 'AppleSMC',
      name: 'AppleSMCKeysEndpoint',
      opens,
      call(input, output) {
        output.fill(0)
        const isKnown = String.fromCharCode(...input.subarray(0, 4)) === 'RTSP'
        if (!isKnown) output[40] = 0x84
        else if (input[42] === 9) output.set([4, 0, 0, 0, 0x20, 0x74, 0x6c, 0x66], 28)
        else if (input[42] === 5 && input[28] === 4) output.set([0, 0, 0xc0, 0x3f], 48)
        else return 1
        return 0
      },
    })
    return apple
  }

  test('reads keys with their types, and tells those that are not there', () => {
    expect(open(smcDriver, controller()).read({ keys: ['PSTR', 'PCPT', 'no key', 4] })).toEqual({
      keys: {
        PSTR: { code: 0, result: 0, type: 'flt ', hex: '0000c03f' },
        PCPT: { code: 0, result: 0x84, type: '', hex: '' },
      },
    })
  })

  test('is denied where macOS does not let it be opened, with the code', () => {
    const opened = smcDriver.open(controller(0xe00002e2 | 0).host)
    expect(opened).toMatchObject({ ok: false, code: 'denied', reason: expect.stringMatching(/0xe00002e2/) })
  })

  test('is absent where there is none', () => {
    expect(smcDriver.open(new AppleLibraries().host)).toMatchObject({ ok: false, code: 'absent' })
  })

  test('releases what it opens, whatever it is asked', () => {
    expectNoLeak(smcDriver, controller(), { keys: ['PSTR'] })
    for (const request of [undefined, null, {}, { keys: 'PSTR' }, 7]) expectNoLeak(smcDriver, controller(), request)
  })
})

describe('smart-battery', () => {
  const laptop = () => {
    const apple = new AppleLibraries()
    apple.registry.push({
      className: 'AppleSmartBattery',
      properties: {
        Voltage: 12_000,
        Amperage: -1_500,
        ExternalConnected: false,
        PowerTelemetryData: { AccumulatedSystemLoad: 2_118_775_727, SystemLoadAccumulatorCount: 167_702 },
      },
    })
    return apple
  }

  test('reads the properties, whole numbers as text', () => {
    expect(open(smartBatteryDriver, laptop()).read(undefined)).toEqual({
      properties: {
        Voltage: '12000',
        Amperage: '-1500',
        InstantAmperage: null,
        ExternalConnected: false,
        PowerTelemetryData: { AccumulatedSystemLoad: '2118775727', SystemLoadAccumulatorCount: '167702' },
      },
    })
  })

  test('releases what it copies', () => expectNoLeak(smartBatteryDriver, laptop()))

  test('is absent on a Mac without a battery', () => {
    expect(smartBatteryDriver.open(new AppleLibraries().host)).toMatchObject({ ok: false, code: 'absent' })
  })
})

describe('accelerators', () => {
  const gpu = () => {
    const apple = new AppleLibraries()
    const client = {
      className: 'AGXDeviceUserClient',
      id: 4_294_967_999n,
      properties: {
        IOUserClientCreator: 'pid 50, ollama',
        AppUsage: [{ API: 'Metal', accumulatedGPUTime: 1_000_000 }],
      },
    }
    apple.registry.push({ className: 'IOAcceleratorG14X', children: [client, { className: 'AGXFirmware' }] })
    return apple
  }

  test('walks the clients of each GPU', () => {
    expect(open(acceleratorsDriver, gpu()).read(undefined)).toEqual({
      accelerators: [
        {
          className: 'IOAcceleratorG14X',
          clients: [
            {
              id: '4294967999',
              creator: 'pid 50, ollama',
              usage: [{ API: 'Metal', accumulatedGPUTime: '1000000' }],
              time: null,
            },
          ],
        },
      ],
    })
  })

  test('releases every client', () => expectNoLeak(acceleratorsDriver, gpu()))
})

const drivers = [ioreportDriver, smcDriver, smartBatteryDriver, acceleratorsDriver, libprocDriver]

test.each(drivers.map((driver) => [driver.name, driver] as const))(
  '%s is absent without its libraries',
  (_, driver) => {
    const apple = new AppleLibraries()
    apple.missing.add('/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation')
    expect(driver.open(apple.host)).toMatchObject({ ok: false, code: 'absent' })
  },
)

test.runIf(process.platform === 'linux')('every declaration is one that koffi can read', () => {
  const apple = new AppleLibraries()
  for (const name of Object.keys(apple.functions)) expect(name).toMatch(/^\w+$/)
  for (const driver of drivers) driver.open(apple.host)
  expect(apple.declared.length).toBeGreaterThan(60)
  expect(loadLibrary('libc.so.6', [...new Set(apple.declared)])).toMatchObject({ ok: true })
})
