import { DomainId, SourceId } from '../../contract/ids.ts'
import type { HostFiles } from '../host/host.ts'
import { type AmdGpu, npuAddress } from './amdgpu-devices.ts'
import type { CardFiles } from './amdgpu-files.ts'
import { findCpu } from './cpu-power.ts'
import type { GpuMetrics } from './gpu-metrics.ts'
import type { Domain, SourceContext } from './source.ts'
import { GAIN } from './uncertainty.ts'

export const AMDGPU = SourceId.parse('amdgpu')

/** What one look at a card gave. */
export type CardLook = { readonly metrics: GpuMetrics | null; readonly sensorW: number | null }
/** A domain and where its power stands in a look. */
export type PowerLine = {
  readonly domain: Domain
  /** What has to be read for it; of a card both, as they serve each other. */
  readonly from: 'card' | 'table' | 'sensor'
  readonly powerW: (look: CardLook) => number | null
}

const LEAST_W = 200
const MOST_W = 2_000
/** The package that RAPL calls package-0; an APU is the only processor of its machine. */
const MEASURED_PACKAGE = DomainId.parse('cpu/0')
const OWN_PACKAGE = DomainId.parse('cpu/apu')

/**
 * A card is one root. Its provenance is `sensor` even while its energy accumulator is read: that is believed only after a minute beside the
 * sensor and may be given up again, and a series has one provenance, the weakest in it.
 */
export function cardLine(gpu: AmdGpu, limit: number | null): PowerLine {
  const domain: Domain = {
    ...gpuDomain(gpu, gpu.productName ?? `AMD GPU ${gpu.pciId}`),
    parent: null,
    gainRatio: GAIN.amdgpuCard,
    plausibleMaxW: plausibleW(limit),
  }
  return { domain, from: 'card', powerW: ({ metrics, sensorW }) => sensorW ?? metrics?.powerW ?? null }
}

/**
 * Graphics and neural unit of an APU lie within its package. Where nobody measures that, the firmware's own figure does: it needs no grant.
 * Of format 2 that is the driver's sensor, which holds a second AMD card too where both share their power: then there is none.
 */
export function apuLines(
  context: SourceContext,
  gpu: AmdGpu,
  files: CardFiles,
  seen: CardLook,
  isOnlyGpu: boolean,
): PowerLine[] {
  const { metrics } = seen
  const isMeasured = context.measuredKinds.has('cpu')
  const inTable = metrics !== null && metrics.powerW !== null
  const inSensor = isOnlyGpu && files.hasPower && seen.sensorW !== null
  const hasPackage = !isMeasured && (inTable || inSensor)
  const parent = isMeasured ? MEASURED_PACKAGE : hasPackage ? OWN_PACKAGE : null
  const lines: PowerLine[] = []
  if (hasPackage) {
    const domain = packageDomain(context)
    if (inTable) lines.push({ domain, from: 'table', powerW: (look) => look.metrics?.powerW ?? null })
    else lines.push({ domain, from: 'sensor', powerW: ({ sensorW }) => sensorW })
  }
  if (metrics !== null && metrics.gfxPowerW !== null) {
    const gainRatio = metrics.isGfxByDifference ? GAIN.amdgpuSharedRail : GAIN.amdgpuGraphics
    const domain = { ...gpuDomain(gpu, gpu.productName ?? 'Integrated AMD GPU'), parent, gainRatio }
    lines.push({ domain, from: 'table', powerW: (look) => look.metrics?.gfxPowerW ?? null })
  }
  const npu = metrics === null || metrics.npuPowerW === null ? null : npuDomain(context.host.files, parent)
  if (npu !== null) lines.push({ domain: npu, from: 'table', powerW: (look) => look.metrics?.npuPowerW ?? null })
  return lines
}

function gpuDomain(gpu: AmdGpu, name: string): Omit<Domain, 'parent' | 'gainRatio'> {
  return {
    id: DomainId.parse(`gpu/${gpu.address}`),
    kind: 'gpu',
    source: AMDGPU,
    provenance: 'sensor',
    name,
    plausibleMaxW: LEAST_W,
    activity: 'gpu',
    tableFloorW: null,
    device: gpu.address,
  }
}

/** An id of its own: a counter that is granted later starts a series of its own. */
function packageDomain({ facts }: SourceContext): Domain {
  const known = findCpu(facts.cpuModel)
  return {
    id: OWN_PACKAGE,
    kind: 'cpu',
    parent: null,
    source: AMDGPU,
    provenance: 'sensor',
    name: 'CPU package (its firmware’s figure)',
    gainRatio: GAIN.amdgpuPackage,
    plausibleMaxW: Math.max(LEAST_W, 3 * (known?.maxW ?? LEAST_W)),
    activity: 'cpu',
    tableFloorW: known?.idleW ?? null,
  }
}

/** Without its driver it sleeps, and what little it draws stays in the package. */
function npuDomain(files: HostFiles, parent: DomainId | null): Domain | null {
  const address = npuAddress(files)
  if (address === null) return null
  return {
    id: DomainId.parse(`npu/${address}`),
    kind: 'npu',
    parent,
    source: AMDGPU,
    provenance: 'sensor',
    name: 'AMD neural processing unit',
    gainRatio: GAIN.amdgpuNpu,
    plausibleMaxW: LEAST_W,
    activity: 'gpu',
    tableFloorW: null,
    device: address,
  }
}

/** Twice what may be set; short peaks exceed every limit that is written down. */
function plausibleW(limit: number | null): number {
  return limit === null ? MOST_W : Math.min(MOST_W, Math.max(LEAST_W, 2 * limit))
}
