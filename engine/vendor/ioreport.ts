import { ok, problem, type Result } from '../../contract/result.ts'
import type { VendorFault } from '../host/host.ts'
import { type CoreFoundation, openCoreFoundation, type Ref } from './apple/core-foundation.ts'
import { integer, type Natives, pointer } from './apple/native.ts'
import { bind } from './bind.ts'
import type { VendorDriver, VendorLibrary } from './driver.ts'

/**
 * Energy channels of IOReport, the interface under `powermetrics`: no root, no header. Signatures as vladkens/macmon, exelban/stats and
 * ml-energy/zeus-apple-silicon use them. The library lives in the shared cache alone: there is no such file.
 */
export const ioreportDriver: VendorDriver = {
  name: 'ioreport',
  platforms: ['darwin'],
  open(host) {
    const opened = openCoreFoundation(host)
    if (!opened.ok) return opened
    const bound = bind<Functions>(host, PATH, PROTOTYPES)
    if (!bound.ok) return bound
    return subscribe(opened.value, bound.value)
  },
}

/** What `read` tells: cumulative values as decimal strings with the label of their unit; `null` where the interface gave no sample. */
export type IoReportAnswer = {
  readonly channels: readonly { readonly name: string; readonly unit: string; readonly value: string }[] | null
}

/** Channels that a source may want; the fewer are subscribed to, the less a sample costs. Ultra chips put their die in front. */
export function isEnergyChannel(name: string): boolean {
  return /^(?:DIE_\d+_)?(?:(?:CPU|GPU) Energy$|GPU SRAM|ANE|DRAM)/.test(name)
}

const PATH = '/usr/lib/libIOReport.dylib'
const GROUP = 'Energy Model'
const CHANNELS = 'IOReportChannels'

const PROTOTYPES = {
  IOReportCopyChannelsInGroup:
    'void *IOReportCopyChannelsInGroup(void *group, void *subgroup, uint64_t a, uint64_t b, uint64_t c)',
  IOReportCreateSubscription:
    'void *IOReportCreateSubscription(void *a, void *channels, void *subscribed, uint64_t b, void *c)',
  IOReportCreateSamples: 'void *IOReportCreateSamples(void *subscription, void *channels, void *a)',
  IOReportChannelGetChannelName: 'void *IOReportChannelGetChannelName(void *channel)',
  IOReportChannelGetUnitLabel: 'void *IOReportChannelGetUnitLabel(void *channel)',
  IOReportSimpleGetIntegerValue: 'int64_t IOReportSimpleGetIntegerValue(void *channel, int32_t a)',
} as const

type Functions = Natives<typeof PROTOTYPES>

function subscribe(cf: CoreFoundation, io: Functions): Result<VendorLibrary, VendorFault> {
  const nameOf = (channel: Ref) => cf.text(pointer(io.IOReportChannelGetChannelName(channel))) ?? ''
  const group = cf.create(GROUP)
  const key = cf.create(CHANNELS)
  const all = pointer(io.IOReportCopyChannelsInGroup(group, null, 0, 0, 0))
  const channels = all === null ? null : cf.filtered(all, key, (channel) => isEnergyChannel(nameOf(channel)))
  cf.release(all)
  cf.release(group)
  const subscribed = new BigUint64Array(1)
  const subscription =
    channels === null ? null : pointer(io.IOReportCreateSubscription(null, channels, subscribed, 0, null))
  const held = [subscription, pointer(subscribed[0]), channels, key]
  if (channels === null || subscription === null) {
    for (const ref of held) cf.release(ref)
    return problem('absent', 'This Mac shows no energy counters.')
  }

  function read(): IoReportAnswer {
    const samples = pointer(io.IOReportCreateSamples(subscription, channels, null))
    const array = samples === null ? null : cf.value(samples, key)
    const read =
      array === null
        ? null
        : cf.elements(array).map((channel) => ({
            name: nameOf(channel),
            unit: cf.text(pointer(io.IOReportChannelGetUnitLabel(channel))) ?? '',
            value: String(integer(io.IOReportSimpleGetIntegerValue(channel, 0))),
          }))
    cf.release(samples)
    return { channels: read }
  }

  return ok({
    read,
    close() {
      for (const ref of held) cf.release(ref)
    },
  })
}
