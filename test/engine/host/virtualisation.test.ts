import { expect, test } from 'vitest'
import { ok, problem } from '../../../contract/result.ts'
import { realFiles } from '../../../engine/host/real/files.ts'
import { sendSignal } from '../../../engine/host/real/programs.ts'
import { virtualisationElsewhere } from '../../../engine/host/real/virtualisation.ts'

const noProduct = () => Promise.resolve(null)
const noCommand = () => Promise.resolve(problem('absent', 'It is not installed.'))

/** A Mac whose sysctl prints this: written from sysctl(3), because there is no Mac here. */
function onMac(stdout: string, exitCode = 0) {
  const asked: string[][] = []
  const command = (argv: readonly string[]) => {
    asked.push([...argv])
    return Promise.resolve(ok({ exitCode, stdout, stderr: '' }))
  }
  return { asked, told: virtualisationElsewhere('darwin', command, noProduct) }
}

test('a Mac says whether it is a virtual one', async () => {
  const { asked, told } = onMac('1\n')
  expect(await told).toBe('vm')
  expect(asked).toEqual([['/usr/sbin/sysctl', '-n', 'kern.hv_vmm_present']])
  expect(await onMac('0\n').told).toBe('none')
})

test('where it does not say, nothing is known', async () => {
  for (const stdout of ['', 'yes\n', '2\n', '10\n']) expect(await onMac(stdout).told).toBeNull()
  // Before macOS 11 there is no such name.
  expect(await onMac('', 1).told).toBeNull()
  expect(await virtualisationElsewhere('darwin', noCommand, noProduct)).toBeNull()
  expect(await virtualisationElsewhere('win32', noCommand, noProduct)).toBeNull()
  expect(await virtualisationElsewhere('freebsd', noCommand, noProduct)).toBeNull()
})

test.each([
  ['Microsoft Corporation', 'Virtual Machine', 'vm'],
  ['Microsoft Corporation', 'Surface Laptop 7', 'none'],
  ['innotek GmbH', 'VirtualBox', 'vm'],
  ['VMware, Inc.', 'VMware20,1', 'vm'],
  ['QEMU', 'Standard PC (Q35 + ICH9, 2009)', 'vm'],
  ['Amazon EC2', 't3.large', 'vm'],
  ['Google', 'Google Compute Engine', 'vm'],
  ['Xen', 'HVM domU', 'vm'],
  ['Parallels International GmbH.', 'Parallels ARM Virtual Machine', 'vm'],
  ['ASUS', 'ROG STRIX B650E-F', 'none'],
  ['Dell Inc.', 'XPS 15 9530', 'none'],
  ['', '', null],
])('Windows by its firmware’s names: %s, %s is %s', async (manufacturer, model, kind) => {
  const product = () => Promise.resolve({ manufacturer, model, virtual: false })
  expect(await virtualisationElsewhere('win32', noCommand, product)).toBe(kind)
})

test('elsewhere than on Linux no process is signalled, and that is said, not that it ended', () => {
  const files = realFiles({ procfs: '/proc', sysfs: '/sys', rootfs: '/' })
  for (const platform of ['darwin', 'win32'] as const) {
    const sent = sendSignal(files, { pid: process.pid, startTicks: 1 }, 'SIGKILL', platform)
    expect(sent).toMatchObject({ ok: false, code: 'denied' })
  }
})
