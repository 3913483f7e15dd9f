import type { Host } from '../engine/host/host.ts'
import { realHost } from '../engine/host/real.ts'
import type { Arguments } from './arguments.ts'

/** This machine, or the one whose trees are mounted where `--path.…` says. */
export function hostOf(args: Arguments): Host {
  const [procfs, sysfs, rootfs] = ['path.procfs', 'path.sysfs', 'path.rootfs'].map((name) => args.text(name))
  return realHost({
    ...(procfs == null ? {} : { procfs }),
    ...(sysfs == null ? {} : { sysfs }),
    ...(rootfs == null ? {} : { rootfs }),
  })
}
