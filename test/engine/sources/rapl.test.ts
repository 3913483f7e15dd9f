import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { remedyText } from '../../../contract/result.ts'
import { rapl } from '../../../engine/sources/rapl.ts'
import { GRANT } from '../../../engine/sources/rapl-remedies.ts'
import type { Domain, OpenSource } from '../../../engine/sources/source.ts'
import { PowercapMachine } from './powercap.ts'

async function open(machine: PowercapMachine): Promise<OpenSource> {
  const probed = await rapl.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

async function domainsOf(machine: PowercapMachine): Promise<Record<string, Domain>> {
  return Object.fromEntries((await open(machine)).domains.map((domain) => [domain.id, domain]))
}

async function problemOf(machine: PowercapMachine) {
  const probed = await rapl.probe(machine.context)
  if (probed.ok) throw new Error('probe found a source')
  return probed
}

const laptop = () =>
  new PowercapMachine({
    '0': { name: 'package-0' },
    '0:0': { name: 'core' },
    '0:1': { name: 'uncore' },
    '0:2': { name: 'dram' },
    '1': { name: 'psys' },
    'mmio:0': { name: 'package-0' },
  })

function plug(
  { host }: PowercapMachine,
  pci: string,
  driver: string | null,
  vendor = '0x8086',
  kind = '0x030000',
): void {
  const path = `/sys/bus/pci/devices/${pci}`
  host.write(`${path}/vendor`, `${vendor}\n`)
  host.write(`${path}/class`, `${kind}\n`)
  if (driver !== null) host.links.set(`${path}/driver`, `../../../bus/pci/drivers/${driver}`)
}

describe('zones', () => {
  test('of a laptop are a package with cores and GPU in it, memory beside it, and the platform apart', async () => {
    const domains = await domainsOf(laptop())
    expect(Object.values(domains).map(({ id, kind, parent, activity }) => [id, kind, parent, activity])).toEqual([
      ['cpu/0', 'cpu', null, 'cpu'],
      ['board/psys', 'board', null, 'cpu'],
      ['cpu/0/core', 'core', 'cpu/0', 'cpu'],
      ['gpu/igpu-0', 'gpu', 'cpu/0', 'gpu'],
      ['dram/0', 'dram', null, 'cpu'],
    ])
    expect(
      Object.values(domains).every(({ provenance, source }) => provenance === 'counter' && source === 'rapl'),
    ).toBe(true)
  })

  test('of graphics inside the processor have its PCI address, by which drivers tell who uses them', async () => {
    const machine = laptop()
    plug(machine, '0000:00:02.0', 'i915')
    plug(machine, '0000:03:00.0', 'xe')
    expect((await domainsOf(machine))['gpu/igpu-0']).toMatchObject({ device: '0000:00:02.0' })
  })

  test.each([
    ['only a card on a bus of its own', [['0000:03:00.0', 'xe']]],
    ['graphics of another maker', [['0000:00:02.0', 'amdgpu', '0x1002']]],
    ['graphics that are given to a virtual machine', [['0000:00:02.0', 'vfio-pci']]],
    ['graphics without a driver', [['0000:00:02.0', null]]],
    ['something that is no display', [['0000:00:02.0', 'xe', '0x8086', '0x120000']]],
    [
      'two that it could be',
      [
        ['0000:00:02.0', 'i915'],
        ['0000:00:03.0', 'i915'],
      ],
    ],
  ] as const)('of the processor’s graphics have no address where there is %s', async (_, devices) => {
    const machine = laptop()
    for (const [pci, driver, vendor, kind] of devices) plug(machine, pci, driver, vendor, kind)
    expect((await domainsOf(machine))['gpu/igpu-0']).not.toHaveProperty('device')
  })

  test('of several sockets, and of several dies in one, are domains of their own', async () => {
    const machine = new PowercapMachine({
      '0': { name: 'package-0-die-0' },
      '1': { name: 'package-0-die-1' },
      '2': { name: 'package-1' },
      '2:0': { name: 'dram' },
    })
    const ids = Object.keys(await domainsOf(machine))
    expect(ids).toEqual(['cpu/0-die-0', 'cpu/0-die-1', 'cpu/1', 'dram/1'])
  })

  test('have hexadecimal ids, and belong to the zone whose id begins theirs', async () => {
    const machine = new PowercapMachine({ a: { name: 'package-10' }, 'a:b': { name: 'dram' } })
    expect(Object.keys(await domainsOf(machine))).toEqual(['cpu/10', 'dram/10'])
  })

  test('of AMD have no cores: that counter is one core’s', async () => {
    const machine = new PowercapMachine(
      { '0': { name: 'package-0' }, '0:0': { name: 'core' } },
      { cpuVendor: 'AuthenticAMD' },
    )
    const domains = await domainsOf(machine)
    expect(Object.keys(domains)).toEqual(['cpu/0'])
    expect(domains['cpu/0']?.gainRatio).toBe(0.05)
  })

  test('that repeat a package through MMIO count only where the other is missing', async () => {
    const machine = laptop()
    const first = await open(machine)
    machine.host.write('/sys/class/powercap/intel-rapl-mmio:0/energy_uj', { fault: 'broken' })
    expect(first.sample().map(({ kind }) => kind)).toEqual(Array(5).fill('counter'))
    const only = new PowercapMachine({ 'mmio:0': { name: 'package-0', uj: '77\n' } })
    expect((await open(only)).sample()).toMatchObject([{ domain: 'cpu/0', raw: 77n }])
  })

  test('with names that nobody knows, and zones of other kinds, are left alone', async () => {
    const machine = new PowercapMachine({ '0': { name: 'package-0' }, '0:0': { name: 'mystery' }, '0:1': { name: '' } })
    machine.host.write('/sys/class/powercap/dtpm:0/name', 'package-0\n')
    machine.host.write('/sys/class/powercap/intel-rapl/enabled', '1\n')
    expect(Object.keys(await domainsOf(machine))).toEqual(['cpu/0'])
  })

  test('have the idle power of the processor’s table until their own is learnt', async () => {
    const machine = new PowercapMachine(
      { '0': { name: 'package-0' } },
      { cpuModel: 'Intel(R) Core(TM) i9-9900K CPU @ 3.60GHz' },
    )
    expect((await domainsOf(machine))['cpu/0']?.tableFloorW).toBe(7)
  })
})

describe('the power that is still plausible', () => {
  test('is twice the highest limit, at least 200 W and at most 2 kW', async () => {
    for (const [maxUw, plausibleMaxW] of [
      ['350000000\n', 700],
      ['15000000\n', 200],
      ['4294967295000\n', 2_000],
      ['0\n', 2_000],
      ['garbage', 2_000],
    ] as const) {
      const machine = new PowercapMachine({ '0': { name: 'package-0', maxUw } })
      expect((await domainsOf(machine))['cpu/0']?.plausibleMaxW).toBe(plausibleMaxW)
    }
  })

  test('of a part is its package’s', async () => {
    const machine = new PowercapMachine({ '0': { name: 'package-0', maxUw: '350000000' }, '0:0': { name: 'dram' } })
    expect((await domainsOf(machine))['dram/0']?.plausibleMaxW).toBe(700)
  })
})

describe('a counter', () => {
  test('is read in µJ with the range at which it begins anew', async () => {
    const machine = new PowercapMachine({ '0': { name: 'package-0', uj: '123456789\n', range: '65532610987\n' } })
    const source = await open(machine)
    machine.host.clock.advance(500)
    expect(source.sample()).toEqual([
      { kind: 'counter', domain: 'cpu/0', atMs: 500, raw: 123_456_789n, unitNj: 1_000n, wrapsAfter: 65_532_610_987n },
    ])
  })

  test('whose range is 0 or cannot be read has none', async () => {
    for (const range of ['0\n', '', 'x']) {
      const machine = new PowercapMachine({ '0': { name: 'package-0', range } })
      expect((await open(machine)).sample()).toMatchObject([{ wrapsAfter: null }])
    }
  })

  test('is read once a sample on a kept descriptor, and nothing else is', async () => {
    const machine = laptop()
    const source = await open(machine)
    const { open: opened, read, text, list } = machine.host.calls
    for (let tick = 0; tick < 10; tick++) source.sample()
    expect(machine.host.calls).toMatchObject({ open: opened, read: read + 50, text, list })
    source.close()
    expect(machine.host.openDescriptors).toBe(0)
  })

  test('that gives nonsense or fails is a fault in its place, never a number', async () => {
    const machine = new PowercapMachine({ '0': { name: 'package-0', range: '65532610987\n' } })
    const source = await open(machine)
    for (const uj of [
      '',
      '\n',
      'garbage\n',
      '-5\n',
      '1.5\n',
      '12 34\n',
      '99999999999999999999\n',
      '65532610988\n',
      '0x12\n',
    ]) {
      machine.count('0', uj)
      expect(source.sample()).toMatchObject([{ kind: 'fault', domain: 'cpu/0', problem: { code: 'broken' } }])
    }
    machine.count('0', { fault: 'broken' })
    expect(source.sample()).toMatchObject([{ kind: 'fault', problem: { code: 'broken', remedy: null } }])
    machine.count('0', '5000\n')
    expect(source.sample()).toMatchObject([{ kind: 'counter', raw: 5_000n }])
  })

  test('that was taken away is a fault with the same remedy as at the start', async () => {
    const machine = new PowercapMachine({ '0': { name: 'package-0' } })
    const source = await open(machine)
    machine.count('0', { fault: 'denied' })
    expect(source.sample()).toMatchObject([{ kind: 'fault', problem: { code: 'denied', remedy: GRANT } }])
  })

  test('that stands still for five seconds while the CPU works is a fake', async () => {
    const machine = new PowercapMachine({ '0': { name: 'package-0' }, '0:0': { name: 'uncore' } })
    const source = await open(machine)
    const kinds = () => {
      machine.load = {
        atMs: machine.host.clock.monotonicMs(),
        busyMs: machine.host.clock.monotonicMs(),
        logicalCpus: 4,
      }
      const readings = source.sample()
      machine.host.clock.advance(1_000)
      return readings.map(({ kind }) => kind)
    }
    for (let tick = 0; tick < 5; tick++) expect(kinds()).toEqual(['counter', 'counter'])
    // A GPU may truly rest; a package never does.
    expect(kinds()).toEqual(['fault', 'counter'])
    machine.count('0', '1001\n')
    expect(kinds()).toEqual(['counter', 'counter'])
  })

  test('that stands still while nothing works is believed', async () => {
    const machine = new PowercapMachine({ '0': { name: 'package-0' } })
    const source = await open(machine)
    for (let tick = 0; tick < 60; tick++) {
      machine.host.clock.advance(1_000)
      machine.load = { atMs: tick * 1_000, busyMs: tick * 10, logicalCpus: 4 }
      expect(source.sample()).toMatchObject([{ kind: 'counter' }])
    }
  })
})

describe('zones that come and go', () => {
  test('fault once they are gone, and leave at the next look', async () => {
    const machine = laptop()
    const source = await open(machine)
    machine.remove('1')
    expect(source.sample().filter(({ kind }) => kind === 'fault')).toMatchObject([
      { domain: 'board/psys', problem: { code: 'absent' } },
    ])
    expect(source.refresh()).toBe(true)
    expect(source.domains.map(({ id }) => id)).not.toContain('board/psys')
    expect(source.refresh()).toBe(false)
    expect(machine.host.openDescriptors).toBe(4)
  })

  test('are found at the next look, or found again', async () => {
    const machine = new PowercapMachine({ '0': { name: 'package-0' } })
    const source = await open(machine)
    machine.add('0:0', { name: 'dram' })
    expect(source.refresh()).toBe(true)
    expect(source.domains.map(({ id }) => id)).toEqual(['cpu/0', 'dram/0'])
    machine.remove('0')
    machine.add('0', { name: 'package-0', uj: '9\n' })
    expect(source.sample()).toMatchObject([{ kind: 'fault' }, { kind: 'counter' }])
    expect(source.refresh()).toBe(false)
    expect(source.sample()).toMatchObject([{ kind: 'counter', raw: 9n }, { kind: 'counter' }])
  })

  test('keep their descriptors over a look', async () => {
    const machine = laptop()
    const source = await open(machine)
    const { open: opened } = machine.host.calls
    source.refresh()
    // Only the repeated package is tried again.
    expect(machine.host.calls.open).toBe(opened + 1)
    expect(machine.host.openDescriptors).toBe(5)
  })
})

describe('where there is nothing to read, the reason is', () => {
  test('a virtual machine', async () => {
    const problem = await problemOf(new PowercapMachine({}, { virtualisation: 'vm' }))
    expect(problem).toMatchObject({ code: 'absent', remedy: null })
    expect(problem.reason).toMatch(/virtual machines rarely do/)
  })

  test('a module that is not loaded, and the command that loads it for good', async () => {
    const problem = await problemOf(new PowercapMachine())
    expect(problem.code).toBe('absent')
    expect(problem.remedy).toMatchObject({ asRoot: true })
    expect(problem.remedy && remedyText(problem.remedy)).toBe(
      "sudo sh -c 'modprobe intel_rapl_msr && echo intel_rapl_msr > /etc/modules-load.d/perwatt.conf'",
    )
  })

  test('a processor that has none', async () => {
    const problem = await problemOf(new PowercapMachine({}, { cpuVendor: 'ARM' }))
    expect(problem).toMatchObject({ code: 'absent', remedy: null })
  })

  test('a container that hides them: the links lead nowhere', async () => {
    const machine = laptop()
    machine.hide()
    const problem = await problemOf(machine)
    expect(problem.code).toBe('hidden')
    expect(problem.remedy && remedyText(problem.remedy)).toBe(
      'docker run -v /sys:/host/sys:ro IMAGE perwatt service --path.sysfs /host/sys',
    )
  })

  test('a container around which there are none', async () => {
    const problem = await problemOf(new PowercapMachine({}, { virtualisation: 'container' }))
    expect(problem.code).toBe('absent')
    expect(problem.reason).toMatch(/machine around this container/)
  })

  test('a permission, whose grant is found when asked again', async () => {
    const machine = new PowercapMachine({ '0': { name: 'package-0', uj: { fault: 'denied' } } })
    const problem = await problemOf(machine)
    expect(problem).toMatchObject({ code: 'denied', remedy: GRANT })
    expect(problem.reason).toMatch(/only root/)
    machine.count('0', '5\n')
    expect((await open(machine)).sample()).toMatchObject([{ kind: 'counter', raw: 5n }])
  })

  test('zones that give no number', async () => {
    const problem = await problemOf(new PowercapMachine({ '0': { name: '' } }))
    expect(problem.code).toBe('broken')
  })

  test('of which no descriptor stays open', async () => {
    const machine = new PowercapMachine({ '0': { name: 'odd' }, '1': { name: 'package-0', uj: { fault: 'denied' } } })
    await problemOf(machine)
    expect(machine.host.openDescriptors).toBe(0)
  })
})

test('the grant, pasted into a shell, writes one udev rule that outlasts a reboot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-grant-'))
  try {
    for (const name of ['groupadd', 'usermod', 'udevadm']) {
      writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} "$@" >> ${folder}/calls\n`, { mode: 0o755 })
    }
    const rules = join(folder, '70-perwatt-rapl.rules')
    const line = remedyText(GRANT)
    expect(line.startsWith("sudo sh -c '")).toBe(true)
    expect(line).not.toContain('\n')
    const here = line.replace(/^sudo /, '').replace('/etc/udev/rules.d/70-perwatt-rapl.rules', rules)
    execFileSync('/bin/sh', ['-c', here], { env: { PATH: `${folder}:${process.env.PATH}`, SUDO_USER: 'ada' } })
    expect(readFileSync(rules, 'utf8')).toBe(
      'SUBSYSTEM=="powercap", ACTION=="add", KERNEL=="intel-rapl*:*", ' +
        'RUN+="/bin/chown ada:perwatt /sys%p/energy_uj", RUN+="/bin/chmod 0440 /sys%p/energy_uj"\n',
    )
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe(
      'groupadd -rf perwatt\nusermod -aG perwatt ada\nudevadm control --reload\nudevadm trigger --settle -s powercap -c add\n',
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
