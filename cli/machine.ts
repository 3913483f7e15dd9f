import type { Host } from '../engine/host/host.ts'
import { realHost } from '../engine/host/real.ts'
import type { Arguments } from './arguments.ts'

/** This machine, or the one whose trees are mounted where `--path.…` says. */
export function hostOf(args: Arguments): Host {
  const path = (name: string) => args.text(name) ?? undefined
  return realHost({ procfs: path('path.procfs'), sysfs: path('path.sysfs'), rootfs: path('path.rootfs') })
}
