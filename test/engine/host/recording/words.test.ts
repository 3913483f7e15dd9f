import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fdinfo, isPlainName, kfdProperties, plainText, uevent } from '../../../../engine/host/recording/clean.ts'
import { DRIVER_WORDS, StandIns } from '../../../../engine/host/recording/driver-words.ts'
import {
  cleanerOf,
  isDeviceFile,
  keptNames,
  mayKeepLink,
  mayKeepTarget,
} from '../../../../engine/host/recording/heard.ts'
import { fcOptions } from '../../../support/counts.ts'

const answerOf = (driver: string, value: unknown) => DRIVER_WORDS[driver]?.answer(value, new StandIns())

describe('of what a driver library tells', () => {
  test('only named fields are kept, and names of devices become stand-ins that stay the same', () => {
    const standIns = new StandIns()
    const card = { pci: '0000:01:00.0', serial: '0324018012345', description: { uuid: 'GPU-b3a1', name: 'A100' } }
    const nvml = { init: 0, host: 'bob', cards: [card, { description: { uuid: 'GPU-c4' } }, { description: null }] }
    expect(DRIVER_WORDS.nvml?.answer(nvml, standIns)).toEqual({
      init: 0,
      cards: [
        { pci: '0000:01:00.0', description: { name: 'A100', uuid: 'GPU-1' } },
        { description: { uuid: 'GPU-2' } },
        { description: null },
      ],
    })
    expect(DRIVER_WORDS.nvml?.answer({ cards: [card] }, standIns)).toMatchObject({
      cards: [{ description: { uuid: 'GPU-1' } }],
    })
    expect(
      answerOf('accelerators', {
        accelerators: [
          {
            className: 'AGXG14',
            clients: [{ id: '1', creator: 'pid 12, bobs app', usage: [{ accumulatedGPUTime: '5' }], time: null }],
          },
        ],
      }),
    ).toMatchObject({
      accelerators: [{ clients: [{ creator: 'pid 12, process', usage: [{ accumulatedGPUTime: '5' }] }] }],
    })
    expect(
      answerOf('emi', { meters: [{ path: '\\\\?\\ACPI#1', version: '0200', metadata: null, errorCode: null }] }),
    ).toEqual({
      meters: [{ path: 'meter-1', version: '0200', metadata: null, errorCode: null }],
    })
    expect(answerOf('smart-battery', { properties: { Voltage: '12000', Serial: 'F5D1' } })).toEqual({
      properties: { Voltage: '12000' },
    })
  })

  test('processes of other systems are not recorded: they come with paths, arguments and accounts', () => {
    expect(Object.keys(DRIVER_WORDS)).not.toContain('libproc')
    expect(Object.keys(DRIVER_WORDS)).not.toContain('processes-windows')
  })

  test('nonsense becomes less of it, and never an error', () => {
    const drivers = fc.constantFrom(...Object.values(DRIVER_WORDS))
    // JSON has no -0.
    const asSent = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)))
    fc.assert(
      fc.property(drivers, asSent, ({ question, answer }, value) => {
        for (const words of [question, answer]) {
          const kept = words(value, new StandIns())
          expect(JSON.parse(JSON.stringify(kept ?? null))).toEqual(kept ?? null)
        }
      }),
      fcOptions('recording-words', 300, 10_000),
    )
  })
})

describe('of files', () => {
  test.each([
    '/sys/class/drm/card0/device/unique_id',
    '/sys/class/drm/card0/device/serial_number',
    '/sys/class/power_supply/BAT0/serial_number',
    '/sys/class/power_supply/hid-aa:bb:cc:dd:ee:ff-battery/capacity',
    '/sys/class/dmi/id/product_serial',
    '/proc/12/cmdline',
    '/proc/12/fdinfo/../environ',
    '/etc/machine-id',
  ])('%s is not kept', (path) => {
    expect(cleanerOf(path)).toBeNull()
  })

  test('a text is cut down to what is measured with it', () => {
    expect(uevent('DRIVER=amdgpu\nPCI_ID=1002:744C\nMODALIAS=pci:v1\nSERIAL=77\n')).toBe(
      'DRIVER=amdgpu\nPCI_ID=1002:744C\n',
    )
    expect(kfdProperties('simd_count 256\nunique_id 1234\nhive_id 9\nlocation_id 768\n')).toBe(
      'simd_count 256\nlocation_id 768\n',
    )
    expect(fdinfo('pos:\t0\nino:\t9\ndrm-client-name:\tbob\ndrm-driver:\ti915\ndrm-engine-render:\t12 ns\n')).toBe(
      'drm-driver:\ti915\ndrm-engine-render:\t12 ns\n',
    )
    expect([plainText('42000000\n'), plainText('aa:bb:cc:dd:ee:ff'), plainText('x'.repeat(65))]).toEqual([
      '42000000\n',
      null,
      null,
    ])
  })

  test('names, links and descriptors that tell of people are left out', () => {
    expect(keptNames('/sys/class/power_supply', ['BAT0', 'hid-aa:bb:cc:dd:ee:ff-battery'])).toEqual(['BAT0'])
    expect(keptNames('/home', ['bob'])).toBeNull()
    expect([mayKeepLink('/proc/12/exe'), mayKeepLink('/sys/bus/pci/devices/0000:01:00.0/driver')]).toEqual([
      false,
      true,
    ])
    expect([mayKeepTarget('../../0000:03:00.0'), mayKeepTarget('../aa:bb:cc:dd:ee:ff')]).toEqual([true, false])
    expect(['/dev/dri/renderD128', '/dev/kfd', '/home/bob/x', '/dev/dri/../x'].map(isDeviceFile)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('garbage is cleaned without an error, and no address passes', () => {
    const mac = fc
      .array(fc.constantFrom('aa', '0f', '99'), { minLength: 6, maxLength: 6 })
      .map((bytes) => bytes.join(':'))
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), mac), (text) => {
        for (const clean of [uevent, kfdProperties, fdinfo, plainText]) clean(text)
        if (/^(..:){5}..$/.test(text)) expect([plainText(text), isPlainName(text)]).toEqual([null, false])
      }),
      fcOptions('recording-words', 300, 10_000),
    )
  })
})
