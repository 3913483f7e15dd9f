import { DomainId, SourceId } from '../../contract/ids.ts'
import type { MachineFacts } from '../host/host.ts'
import { findCpu } from './cpu-power.ts'
import type { Domain } from './source.ts'
import { GAIN } from './uncertainty.ts'

export const EMI = SourceId.parse('emi')

/** Above this no part of a machine with a meter in it is. */
const MOST_W = 2_000
/** Intel's graphics have had this address since they are part of the processor (Intel datasheets: device 2, function 0 of bus 0). */
const INTEL_GRAPHICS = '0000:00:02.0'

/** Names that Windows 11's own driver gives the processor's counters. */
const RAPL = /RAPL_Package(\d{1,3})_(PKG|PP0|PP1|DRAM)$/i
/** Microsoft's names of rails that a maker's own chips measure: windows-driver-docs, powermeter/rail_naming. `CPU_*` are parts of `CPU`. */
const RAIL = /^(CPU|GPU)(?:_(\w{1,40}))?$/i

/**
 * Domain of each channel, `null` for channels that are none of ours: one core's counter, a display's, or the same part measured by rail
 * where the processor counts itself. AMD shows one meter a core beside that of the package.
 */
export function emiDomains(channels: readonly string[], facts: MachineFacts): (Domain | null)[] {
  const countsItself = channels.some((name) => RAPL.exec(name)?.[2]?.toUpperCase() === 'PKG')
  const whole = new Set(channels.map((name) => name.toUpperCase()))
  const packages = new Set(channels.map((name) => RAPL.exec(name)).flatMap((match) => packageOf(match) ?? []))
  const seen = new Set<string>()
  return channels.map((name) => {
    const rapl = RAPL.exec(name)
    const domain = rapl !== null ? raplDomain(rapl, packages, facts) : countsItself ? null : railDomain(name, whole)
    if (domain === null || seen.has(domain.id)) return null
    seen.add(domain.id)
    return domain
  })
}

const SHARED = { source: EMI, provenance: 'counter', tableFloorW: null, parent: null } as const

function packageOf(match: RegExpExecArray | null): string | null {
  return match !== null && match[2]?.toUpperCase() === 'PKG' ? String(Number(match[1])) : null
}

function raplDomain(match: RegExpExecArray, packages: ReadonlySet<string>, facts: MachineFacts): Domain | null {
  const place = String(Number(match[1]))
  const isAmd = /amd/i.test(facts.cpuVendor ?? '')
  const cpu = DomainId.parse(`cpu/${place}`)
  const parent = packages.has(place) ? cpu : null
  const plausibleMaxW = Math.min(MOST_W, Math.max(200, 3 * (findCpu(facts.cpuModel)?.maxW ?? MOST_W)))
  const shared = { ...SHARED, plausibleMaxW }
  switch (match[2]?.toUpperCase()) {
    case 'PKG':
      return {
        ...shared,
        id: cpu,
        kind: 'cpu',
        name: `CPU package ${place}`,
        gainRatio: isAmd ? GAIN.raplAmdPackage : GAIN.raplIntelPackage,
        activity: 'cpu',
        tableFloorW: findCpu(facts.cpuModel)?.idleW ?? null,
      }
    case 'PP0':
      // Without its package it is a part of which nothing tells the whole.
      if (parent === null) return null
      return {
        ...shared,
        id: DomainId.parse(`${cpu}/core`),
        kind: 'core',
        parent,
        name: `CPU cores ${place}`,
        gainRatio: GAIN.raplCore,
        activity: 'cpu',
      }
    case 'PP1': {
      const isKnown = /intel/i.test(facts.cpuVendor ?? '') && place === '0'
      return {
        ...shared,
        id: DomainId.parse(`gpu/${isKnown ? INTEL_GRAPHICS : `igpu-${place}`}`),
        kind: 'gpu',
        parent,
        name: 'Integrated GPU',
        gainRatio: GAIN.raplUncore,
        activity: 'gpu',
        ...(isKnown ? { device: INTEL_GRAPHICS } : {}),
      }
    }
    default:
      // No counter tells who used the memory; CPU time is the nearest stand-in, because its traffic is made by running code.
      return {
        ...shared,
        id: DomainId.parse(`dram/${place}`),
        kind: 'dram',
        name: `Memory ${place}`,
        gainRatio: GAIN.raplDram,
        activity: 'cpu',
      }
  }
}

function railDomain(name: string, whole: ReadonlySet<string>): Domain | null {
  const [, kind, part] = RAIL.exec(name) ?? []
  if (kind === undefined || (part !== undefined && whole.has(kind.toUpperCase()))) return null
  const isCpu = kind.toUpperCase() === 'CPU'
  const leaf = part === undefined ? 'rail' : `rail-${part.toLowerCase()}`
  return {
    ...SHARED,
    id: DomainId.parse(`${kind.toLowerCase()}/${leaf}`),
    kind: isCpu ? 'cpu' : 'gpu',
    name: `${isCpu ? 'CPU' : 'GPU'} rail${part === undefined ? '' : ` ${part.toLowerCase()}`}`,
    gainRatio: GAIN.emiRail,
    plausibleMaxW: MOST_W,
    activity: isCpu ? 'cpu' : 'gpu',
  }
}
