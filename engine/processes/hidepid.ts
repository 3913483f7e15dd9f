import type { HostFiles } from '../host/host.ts'

/** Whether /proc shows us our own processes only (mount option `hidepid` 2 or 4, or by name since Linux 5.8; proc(5)). */
export function hidesProcesses(files: HostFiles): boolean {
  // Root and the group named by `gid=` see all the same.
  if (files.owner('/proc/1').ok) return false
  const mounts = files.text('/proc/mounts')
  return mounts.ok && /^\S+ \/proc proc \S*\bhidepid=(?:2|4|invisible|ptraceable)\b/m.test(mounts.value)
}
