import type { Host } from '../engine/host/host.ts'
import { realHost } from '../engine/host/real.ts'
import type { Context } from './command.ts'

/** This machine, or the one whose trees are mounted where `--path.…` says. */
export function hostOf({ args, entry }: Pick<Context, 'args' | 'entry'>): Host {
  const path = (name: string) => args.text(name) ?? undefined
  return realHost({
    procfs: path('path.procfs'),
    sysfs: path('path.sysfs'),
    rootfs: path('path.rootfs'),
    vendorFile: vendorFile(entry),
  })
}

/** The bundle keeps the vendor process beside the engine; run from the sources it is the source itself. */
function vendorFile(entry: string): URL {
  return new URL(entry.endsWith('.ts') ? '../engine/vendor/child.ts' : '../engine/vendor.mjs', entry)
}
