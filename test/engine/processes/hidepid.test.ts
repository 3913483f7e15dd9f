import { expect, test } from 'vitest'
import { hidesProcesses } from '../../../engine/processes/hidepid.ts'
import { MemoryHost } from '../../support/memory-host.ts'
import { ProcMachine } from './machine.ts'

test.each([
  ['proc /proc proc rw,nosuid,nodev,noexec,relatime,hidepid=2 0 0\n', true],
  ['sysfs /sys sysfs rw 0 0\nproc /proc proc rw,hidepid=invisible,gid=100 0 0\n', true],
  ['proc /proc proc rw,hidepid=ptraceable 0 0\n', true],
  ['proc /proc proc rw,hidepid=1 0 0\n', false],
  ['proc /proc proc rw,relatime 0 0\n', false],
  ['proc /srv/proc proc rw,hidepid=2 0 0\n', false],
])('%j hides processes: %s', (mounts, isHidden) => {
  const host = new MemoryHost()
  host.write('/proc/mounts', mounts)
  expect(hidesProcesses(host.files)).toBe(isHidden)
})

test('who sees the first process sees all, whatever the mount says', () => {
  const host = new MemoryHost()
  host.write('/proc/mounts', 'proc /proc proc rw,hidepid=2,gid=4 0 0\n')
  host.write('/proc/1/stat', '1 (init) S 0 1 1\n')
  expect(hidesProcesses(host.files)).toBe(false)
})

test('processes that cannot be seen at all are a finding', () => {
  const machine = new ProcMachine()
  machine.vanish(1)
  machine.host.write('/proc/mounts', 'proc /proc proc rw,hidepid=invisible 0 0\n')
  const sampler = machine.sampler()
  sampler.sample()
  expect(sampler.findings()).toEqual([{ code: 'unreadable', count: 1 }])
})
