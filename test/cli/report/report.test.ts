import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { ReportJson } from '../../../cli/shapes.ts'
import { WallMeter } from '../../../contract/wall-meter.ts'
import { cli } from '../../support/cli.ts'
import { inTerminal } from '../../support/terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'perwatt-report-'))
afterAll(() => rmSync(directory, { recursive: true }))

const PCI = '0000:03:00.0'
const planted = {
  user: 'adalovelace',
  fullName: 'Ada King',
  home: '/srv/people/lovelace',
  host: 'analytical-engine',
  batterySerial: 'SN-7734-XK',
  boardSerial: 'BRD0042X',
  machineId: '0123456789abcdef0123456789abcdef',
  mac: 'aa:bb:cc:dd:ee:ff',
  builder: 'builder@kernelfarm',
  meterName: 'Plug under the desk of Ada',
  meterId: 'desk-plug',
  meterHost: 'plug-7f.fritz.box',
  meterUser: 'meterreader',
}

/** A foreign machine, mounted: each tree at its own place. */
const tree = join(directory, 'tree')
const dataDir = join(directory, 'data-of-somebody')
const files: Readonly<Record<string, string>> = {
  'proc/version': `Linux version 6.12.9-arch1-${planted.host} (${planted.builder}) (gcc) #1 SMP\n`,
  'proc/stat': 'cpu  100 0 100 1000 0 0 0 0 0 0\ncpu0 100 0 100 1000 0 0 0 0 0 0\nbtime 1790000000\n',
  'proc/uptime': '1000.00 900.00\n',
  'proc/cpuinfo': 'processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Core(TM) i7-1260P\n',
  'proc/sys/kernel/hostname': `${planted.host}\n`,
  'root/etc/hostname': `${planted.host}.fritz.box\n`,
  'root/etc/machine-id': `${planted.machineId}\n`,
  'root/etc/passwd': `root:x:0:0::/root:/bin/sh\n${planted.user}:x:1000:1000:${planted.fullName},,,:${planted.home}:/bin/sh\n`,
  'root/etc/os-release': `PRETTY_NAME="${planted.host} Linux of ${planted.user}"\n`,
  'sys/class/dmi/id/board_serial': `${planted.boardSerial}\n`,
  'sys/class/powercap/intel-rapl:0/name': 'package-0\n',
  'sys/class/powercap/intel-rapl:0/energy_uj': '1000\n',
  'sys/class/powercap/intel-rapl:0/max_energy_range_uj': '262143328850\n',
  'sys/class/hwmon/hwmon0/name': `board of ${planted.fullName}\n`,
  'sys/class/hwmon/hwmon0/power1_input': '1\n',
  'sys/class/hwmon/hwmon0/secret_file': 'x\n',
  'sys/class/power_supply/BAT0/type': 'Battery\n',
  'sys/class/power_supply/BAT0/energy_now': '30000000\n',
  'sys/class/power_supply/BAT0/serial_number': `${planted.batterySerial}\n`,
  [`sys/class/power_supply/hid-${planted.mac}-battery/type`]: `Battery ${planted.batterySerial}\n`,
  [`sys/bus/pci/devices/${PCI}/vendor`]: '0x1002\n',
  [`sys/bus/pci/devices/${PCI}/device`]: '0x744c\n',
  'sys/class/drm/card0/dev': '226:0\n',
  'settings.json': `${JSON.stringify({
    wallMeters: [
      WallMeter.parse({
        ...{ id: planted.meterId, name: planted.meterName, dialect: 'nut', address: `tcp://${planted.meterHost}:3493` },
        ...{ provenance: 'sensor', options: { user: planted.meterUser }, hasSecret: true },
      }),
    ],
  })}\n`,
}
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(tree, path)), { recursive: true })
  writeFileSync(join(tree, path), text)
}
symlinkSync(`../../../bus/pci/devices/${PCI}`, join(tree, 'sys/class/drm/card0/device'))
symlinkSync('../../drivers/amdgpu', join(tree, `sys/bus/pci/devices/${PCI}/driver`))

const there = [
  ...['doctor', '--report', '--data-dir', dataDir, '--config', join(tree, 'settings.json')],
  ...['--path.procfs', join(tree, 'proc'), '--path.sysfs', join(tree, 'sys'), '--path.rootfs', join(tree, 'root')],
]

test('nothing that was planted in a machine is in its report, and what mends a bug is', async () => {
  const { code, stdout } = await cli([...there, '--yes'])
  expect(code).toBe(0)
  const report = ReportJson.parse(JSON.parse(stdout))
  for (const [what, text] of Object.entries(planted))
    expect(stdout.toLowerCase(), what).not.toContain(text.toLowerCase())
  expect(stdout).not.toContain(dataDir)
  expect(stdout).not.toMatch(new RegExp(`"${hostname()}"`))
  expect(stdout).not.toContain(`/${userInfo().username}/`)
  expect(report.versions.kernel).toBe('6.12.9')
  expect(report.machine.osName).toBe('<host-1> Linux of <user-1>')
  expect(report.devices.map((device) => [device.class, device.entry, device.name ?? device.type])).toEqual([
    ['powercap', 'intel-rapl:0', 'package-0'],
    ['hwmon', 'hwmon0', expect.stringMatching(/^board of <user-\d>$/)],
    ['drm', 'card0', null],
    ['power_supply', 'BAT0', 'Battery'],
    ['power_supply', 'hid-<mac-1>-battery', 'Battery <serial-1>'],
  ])
  expect(report.devices[1]?.attributes).toEqual(['power1_input'])
  expect(report.devices[2]).toMatchObject({ pci: PCI, driver: 'amdgpu', vendorId: '0x1002', deviceId: '0x744c' })
  expect(report.settings?.wallMeters).toEqual([
    { dialect: 'nut', provenance: 'sensor', scheme: 'tcp', options: ['user'], hasSecret: true },
  ])
  expect(report.replaced).toMatchObject({ host: 1, mac: 1, serial: 1 })
})

test('without a terminal a named file gets it at once, for its owner alone, and no file is replaced', async () => {
  const file = join(directory, 'report.json')
  const first = await cli([...there, '--output', file])
  expect([first.code, first.stdout]).toEqual([0, ''])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const saved = readFileSync(file, 'utf8')
  ReportJson.parse(JSON.parse(saved))
  const second = await cli([...there, '--output', file])
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('it is there already')])
  expect(readFileSync(file, 'utf8')).toBe(saved)
})

test.each([
  ['y\r', true],
  ['\r', false],
  ['n\r', false],
  ['\x04', false],
])('on a terminal it is shown first, and the answer %j saves it: %s', async (answer, isSaved) => {
  const file = join(directory, `asked-${JSON.stringify(answer)}.json`.replaceAll(/["\\]/g, ''))
  const terminal = inTerminal([...there, '--output', file])
  await vi.waitFor(() => expect(terminal.output()).toContain('[y/N]'), { timeout: 20_000 })
  expect(terminal.output()).toContain('perwatt.report/1')
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined()
  terminal.type(answer)
  expect(await terminal.ended).toBe(0)
  expect(statSync(file, { throwIfNoEntry: false }) !== undefined).toBe(isSaved)
})

test('--output and --yes belong to --report', async () => {
  const { code, stderr } = await cli(['doctor', '--output', join(directory, 'x')])
  expect([code, stderr]).toEqual([2, expect.stringContaining('--output belongs to --report')])
})
