import type { Remedy } from '../../contract/result.ts'

/**
 * A udev rule, so that the grant lasts over reboots, module reloads and CPU hot-plug. Only zones have a colon in their name and an
 * energy_uj file. The person who runs it owns the counters and can read them at once; others join the group `perwatt`.
 */
const RULE = [
  'SUBSYSTEM==\\"powercap\\"',
  'ACTION==\\"add\\"',
  'KERNEL==\\"intel-rapl*:*\\"',
  'RUN+=\\"/bin/chown $u:perwatt /sys%p/energy_uj\\"',
  'RUN+=\\"/bin/chmod 0440 /sys%p/energy_uj\\"',
].join(', ')

const SCRIPT = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell
  'u=${SUDO_USER:-root}',
  'groupadd -rf perwatt',
  'usermod -aG perwatt $u',
  `echo "${RULE}" > /etc/udev/rules.d/70-perwatt-rapl.rules`,
  'udevadm control --reload',
  'udevadm trigger --settle -s powercap -c add',
].join(' && ')

/** Reading stays with root and one group: finely read energy can leak secrets (CVE-2020-8694, "PLATYPUS"). */
export const GRANT: Remedy = {
  kind: 'command',
  argv: ['sh', '-c', SCRIPT],
  asRoot: true,
  note:
    'Lets you and the new group "perwatt" read the counters, now and after every start, then "Check again". Finely read energy can ' +
    'leak secrets to programs that may read it (PLATYPUS, CVE-2020-8694): keep the group small.',
}

export const MODULE_REMEDY: Remedy = {
  kind: 'command',
  argv: ['sh', '-c', 'modprobe intel_rapl_msr && echo intel_rapl_msr > /etc/modules-load.d/perwatt.conf'],
  asRoot: true,
  note: 'Loads the module now and at every start. If it says "No such device", this processor has no counters.',
}

/** Container engines mask /sys/devices/virtual/powercap since 2023 (Moby GHSA-jq35-85cj-fj4p), wherever /sys is mounted as usual. */
export const CONTAINER_REMEDY: Remedy = {
  kind: 'command',
  argv: ['docker', 'run', '-v', '/sys:/host/sys:ro', 'IMAGE', 'perwatt', 'service', '--path.sysfs', '/host/sys'],
  asRoot: false,
  note: 'Mounts the machine’s /sys where it is not masked and names it; replace IMAGE, and keep your other options.',
}
