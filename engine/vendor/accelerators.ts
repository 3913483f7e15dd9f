import { ok, problem } from '../../contract/result.ts'
import type { Plain } from './apple/core-foundation.ts'
import { type Entry, type IoKit, openIoKit } from './apple/io-kit.ts'
import type { VendorDriver } from './driver.ts'

/** What `read` tells: each GPU with its clients, of every user's processes. Properties are as the registry holds them. */
export type AcceleratorsAnswer = {
  readonly accelerators: readonly {
    readonly className: string
    readonly clients: readonly GpuClient[]
  }[]
}
export type GpuClient = {
  /** Registry entry: never another's as long as the machine runs. */
  readonly id: string | null
  /** "pid 1234, name" */
  readonly creator: Plain
  /** An entry for each API, with `accumulatedGPUTime` in ns (Apple silicon). */
  readonly usage: Plain
  /** The same of the client itself (Intel's drivers). */
  readonly time: Plain
}

/**
 * GPUs and their clients. Clients are no registered services, so that they are found only by walking the children; layout as in
 * Syllo/nvtop src/extract_gpuinfo_apple.m and public readers of `AppUsage`.
 */
export const acceleratorsDriver: VendorDriver = {
  name: 'accelerators',
  platforms: ['darwin'],
  open(host) {
    const opened = openIoKit(host)
    if (!opened.ok) return opened
    const kit = opened.value
    const accelerators = kit.services('IOAccelerator')
    if (accelerators.length === 0) return problem('absent', 'This Mac shows no GPU.')
    return ok({
      read: (): AcceleratorsAnswer => ({
        accelerators: accelerators.map((each) => ({ className: kit.className(each), clients: clientsOf(kit, each) })),
      }),
      close: () => kit.release(accelerators),
    })
  },
}

function clientsOf(kit: IoKit, accelerator: Entry): GpuClient[] {
  const children = kit.children(accelerator)
  const clients = children.flatMap((child) => {
    const creator = kit.property(child, 'IOUserClientCreator')
    if (creator === null) return []
    const [usage, time] = [kit.property(child, 'AppUsage'), kit.property(child, 'accumulatedGPUTime')]
    return [{ id: kit.id(child), creator, usage, time }]
  })
  kit.release(children)
  return clients
}
