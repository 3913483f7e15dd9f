import { DomainId, SourceId } from '../../contract/ids.ts'
import type { Host, HostFiles, MachineFacts } from '../host/host.ts'
import { findCpu } from './cpu-power.ts'
import { integratedGraphics } from './intel-graphics.ts'
import type { Domain } from './source.ts'
import { GAIN } from './uncertainty.ts'

export const RAPL = SourceId.parse('rapl')

const CLASS = '/sys/class/powercap'
/** Ids are printed in hexadecimal (drivers/powercap/powercap_sys.c). */
const ZONE = /^intel-rapl(-mmio)?:([0-9a-f]+)(?::([0-9a-f]+))?$/
/** Above this no processor is (Δ ÷ time of a counter that reset or was read wrongly easily is). */
const MOST_W = 2_000
/** Twice the highest limit of a zone, but not less than this: short peaks exceed every limit that is written down. */
const LEAST_W = 200
const NAME = /^(?:package-(\d{1,4})(?:-die-(\d{1,4}))?|core|uncore|dram|psys)$/

export type ZoneId = {
  readonly path: string
  /** Of the zone that contains it; `null` for a top zone. */
  readonly parentPath: string | null
}

export type DescribedZone = {
  readonly domain: Domain
  readonly wrapsAfter: bigint | null
  /** Whether a counter that stands still while the CPU works is a fault: an integrated GPU may truly rest. */
  readonly mustMove: boolean
}

/** Zones in order, those read through MSRs before their duplicates read through MMIO, parents before children. */
export function listZones(host: Host): ZoneId[] {
  const names = host.files.list(CLASS)
  if (!names.ok) return []
  return names.value
    .filter((name) => ZONE.test(name))
    .toSorted((a, b) => rank(a) - rank(b) || a.length - b.length || (a < b ? -1 : 1))
    .map((name) => {
      const parent = name.split(':').slice(0, 2).join(':')
      return { path: `${CLASS}/${name}`, parentPath: parent === name ? null : `${CLASS}/${parent}` }
    })
}

/** `null` where the zone is none of ours: without a name, not known, or not what its name says. */
export function describeZone(host: Host, facts: MachineFacts, id: ZoneId): DescribedZone | null {
  const name = textOf(host.files, `${id.path}/name`)
  const parentName = id.parentPath === null ? null : textOf(host.files, `${id.parentPath}/name`)
  const place = placeOf(name, parentName)
  if (name === null || place === null) return null
  const domain = domainOf(name, place, facts, host.files)
  if (domain === null) return null
  const wrapsAfter = numberOf(host.files, `${id.path}/max_energy_range_uj`)
  return {
    domain: { ...domain, plausibleMaxW: plausibleMaxW(host.files, id.parentPath ?? id.path, facts) },
    wrapsAfter: wrapsAfter === null || wrapsAfter === 0n ? null : wrapsAfter,
    mustMove: name !== 'uncore',
  }
}

/** `0`, or `0-die-1` on packages of several dies: number of the package that a zone is, or lies in; '' for the platform. */
function placeOf(name: string | null, parentName: string | null): string | null {
  if (name === null || !NAME.test(name)) return null
  if (name === 'psys') return ''
  const match = NAME.exec(name.startsWith('package-') ? name : (parentName ?? ''))
  if (match?.[1] === undefined) return null
  return match[2] === undefined ? match[1] : `${match[1]}-die-${match[2]}`
}

function domainOf(
  name: string,
  place: string,
  facts: MachineFacts,
  files: HostFiles,
): Omit<Domain, 'plausibleMaxW'> | null {
  const isAmd = /amd|hygon/i.test(facts.cpuVendor ?? '')
  const shared = { source: RAPL, provenance: 'counter', tableFloorW: null } as const
  const cpu = DomainId.parse(`cpu/${place || '0'}`)
  switch (name) {
    case 'psys':
      // What it holds differs by maker; a scope of its own beside the rest, never a parent.
      return {
        ...shared,
        id: DomainId.parse('board/psys'),
        kind: 'board',
        parent: null,
        name: 'Platform',
        gainRatio: GAIN.raplPsys,
        activity: 'cpu',
      }
    case 'core':
      // Of AMD it is one core's counter (intel_rapl_msr.c, 0xC001029A), not the package's cores.
      if (isAmd) return null
      return {
        ...shared,
        id: DomainId.parse(`${cpu}/core`),
        kind: 'core',
        parent: cpu,
        name: `CPU cores ${spoken(place)}`,
        gainRatio: GAIN.raplCore,
        activity: 'cpu',
      }
    case 'uncore': {
      // One graphics and one package belong together; of several packages nobody says which holds it.
      const device = place === '0' ? integratedGraphics(files) : null
      return {
        ...shared,
        id: DomainId.parse(`gpu/igpu-${place}`),
        kind: 'gpu',
        parent: cpu,
        name: 'Integrated GPU',
        gainRatio: GAIN.raplUncore,
        activity: 'gpu',
        ...(device === null ? {} : { device }),
      }
    }
    case 'dram':
      // No counter tells who used the memory; CPU time is the nearest stand-in, because its traffic is made by running code.
      return {
        ...shared,
        id: DomainId.parse(`dram/${place}`),
        kind: 'dram',
        parent: null,
        name: `Memory ${spoken(place)}`,
        gainRatio: GAIN.raplDram,
        activity: 'cpu',
      }
    default:
      return {
        ...shared,
        id: cpu,
        kind: 'cpu',
        parent: null,
        name: `CPU package ${spoken(place)}`,
        gainRatio: isAmd ? GAIN.raplAmdPackage : GAIN.raplIntelPackage,
        activity: 'cpu',
        tableFloorW: findCpu(facts.cpuModel)?.idleW ?? null,
      }
  }
}

function spoken(place: string): string {
  return place.replace('-die-', ', die ')
}

/** Twice the highest limit that the zone names; AMD names none, so there three times what the table gives the model. */
function plausibleMaxW(files: HostFiles, path: string, facts: MachineFacts): number {
  let mostUw = 0n
  for (const index of [0, 1, 2]) {
    for (const limit of ['max_power_uw', 'power_limit_uw']) {
      const value = numberOf(files, `${path}/constraint_${index}_${limit}`) ?? 0n
      if (value > mostUw) mostUw = value
    }
  }
  const mostW = Number(mostUw) / 1e6
  const knownW = mostW > 0 ? 2 * mostW : 3 * (findCpu(facts.cpuModel)?.maxW ?? MOST_W)
  return Math.min(MOST_W, Math.max(LEAST_W, knownW))
}

function numberOf(files: HostFiles, path: string): bigint | null {
  const text = textOf(files, path)
  return text !== null && /^\d{1,19}$/.test(text) ? BigInt(text) : null
}

function textOf(files: HostFiles, path: string): string | null {
  const text = files.text(path)
  return text.ok ? text.value.trim() : null
}

function rank(name: string): number {
  return name.startsWith('intel-rapl-mmio') ? 1 : 0
}
