import { expect, test } from 'vitest'
import { containerId } from '../../../engine/processes/container.ts'

const id = '0123456789abcdef'.repeat(4)

test('a container’s id is in the cgroup path that its engine gives it, in either version', () => {
  for (const cgroup of [
    `0::/system.slice/docker-${id}.scope\n`,
    `12:cpu,cpuacct:/docker/${id}\n0::/init.scope\n`,
    `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container\n`,
    `0::/kubepods.slice/kubepods-burstable.slice/kubepods-pod1.slice/cri-containerd-${id}.scope\n`,
    `0::/kubepods/burstable/pod12/${id}\n`,
  ]) {
    expect(containerId(cgroup)).toBe(id)
  }
})

test('a service, a session and garbage are no container', () => {
  for (const cgroup of [
    '0::/system.slice/ollama.service\n',
    '0::/../..\n',
    '',
    ':::',
    `0::/x${id}\n`,
    `0::/${id}0\n`,
  ]) {
    expect(containerId(cgroup)).toBeNull()
  }
})
