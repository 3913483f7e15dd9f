/** Work of one engine as a driver counts it: busy time, GPU clock cycles, or (amdgpu before Linux 5.19) a recent share of time. */
export type EngineRecord =
  | { readonly kind: 'time'; readonly busyNs: number; readonly capacity: number }
  /** `totalCycles` run whether the engine works or not. */
  | { readonly kind: 'cycles'; readonly cycles: number; readonly totalCycles: number; readonly capacity: number }
  /** Cycles of the engine's own clock, which stands still with it: at `maxHz` they are the least time that it worked. */
  | { readonly kind: 'clock'; readonly cycles: number; readonly maxHz: number; readonly capacity: number }
  | { readonly kind: 'share'; readonly ratio: number }

/** What a driver tells of one open descriptor of its device. */
export type FdinfoRecord = {
  readonly driver: string
  /** PCI address in lower case; `null` for GPUs that are part of a SoC. */
  readonly pdev: string | null
  /** The same for every descriptor that stands for the same opening of the device; `null` where the driver does not tell. */
  readonly clientId: string | null
  readonly engines: ReadonlyMap<string, EngineRecord>
  /** Memory of the device that the client holds; `null` where the driver does not tell. */
  readonly memoryBytes: number | null
  /** Of that, what lies in memory of the card's own. */
  readonly cardBytes: number
}

type Region = { resident?: number; memory?: number; total?: number; shared?: number }
type Fields = ReadonlyMap<string, string>

const PCI = /^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/
const ENGINE = /^drm-(engine|cycles)-(?!capacity-)(.+)$/
const REGION = /^drm-(resident|memory|total|shared)-(?!cycles-)(.+)$/
/** Names of a card's own memory: amdgpu `vram`, xe `vram0`, i915 `local0`. */
const CARD_REGION = /^(?:vram|local)\d*$/
/** Rings of amdgpu from 5.14 to 5.18: `gfx0: 12.5%` (drivers/gpu/drm/amd/amdgpu/amdgpu_fdinfo.c of that time). */
const OLD_RING = /^(?:gfx|compute|dma|dec|enc|enc_1|jpeg)\d$/

const BYTES_OF: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['kB', 1_024],
  ['KiB', 1_024],
  ['MiB', 1_024 ** 2],
  ['GiB', 1_024 ** 3],
])
/** 256 TiB: no machine has more, and sums of it are still exact. */
const MOST_BYTES = 2 ** 48
const HZ_OF: ReadonlyMap<string, number> = new Map([
  ['Hz', 1],
  ['KHz', 1e3],
  ['kHz', 1e3],
  ['MHz', 1e6],
  ['GHz', 1e9],
])

/**
 * Text of `/proc/PID/fdinfo/N` of a DRM or accelerator device. `null` where it is none, or was cut off.
 * Kernel: Documentation/gpu/drm-usage-stats.rst.
 */
export function parseFdinfo(text: string): FdinfoRecord | null {
  if (!text.endsWith('\n')) return null
  const fields = fieldsOf(text)
  const isOldAmdgpu = !fields.has('drm-driver') && fields.has('pdev') && fields.has('vram mem')
  if (isOldAmdgpu) return oldAmdgpu(fields)
  const driver = fields.get('drm-driver') ?? ''
  if (!/^[\w-]{1,40}$/.test(driver)) return null
  return {
    driver,
    pdev: pciOf(fields.get('drm-pdev')),
    clientId: idOf(fields.get('drm-client-id')),
    engines: enginesOf(fields),
    ...memoryOf(fields),
  }
}

function fieldsOf(text: string): Fields {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const key = line.slice(0, colon)
    if (!fields.has(key)) fields.set(key, line.slice(colon + 1).trim())
  }
  return fields
}

function enginesOf(fields: Fields): Map<string, EngineRecord> {
  const engines = new Map<string, EngineRecord>()
  for (const key of fields.keys()) {
    const name = ENGINE.exec(key)?.[2]
    if (name === undefined || engines.has(name)) continue
    const engine = engineOf(fields, name)
    if (engine !== null) engines.set(name, engine)
  }
  return engines
}

/** Time is told by most; those that count cycles as well (panfrost, msm) would say the same in another unit. */
function engineOf(fields: Fields, name: string): EngineRecord | null {
  const capacity = countOf(fields.get(`drm-engine-capacity-${name}`) ?? '1')
  if (capacity === null || capacity < 1) return null
  const time = /^(\d+) ns$/.exec(fields.get(`drm-engine-${name}`) ?? '')
  const busyNs = countOf(time?.[1])
  if (busyNs !== null) return { kind: 'time', busyNs, capacity }
  const cycles = countOf(fields.get(`drm-cycles-${name}`))
  if (cycles === null) return null
  const totalCycles = countOf(fields.get(`drm-total-cycles-${name}`))
  if (totalCycles !== null) return { kind: 'cycles', cycles, totalCycles, capacity }
  const maxHz = scaled(fields.get(`drm-maxfreq-${name}`), HZ_OF)
  return maxHz === null || maxHz === 0 ? null : { kind: 'clock', cycles, maxHz, capacity }
}

function memoryOf(fields: Fields): { memoryBytes: number | null; cardBytes: number } {
  const regions = new Map<string, Region>()
  for (const [key, value] of fields) {
    const [, kind, name = ''] = REGION.exec(key) ?? []
    const bytes = kind === undefined ? null : scaled(value, BYTES_OF)
    if (bytes === null || bytes > MOST_BYTES) continue
    const region = regions.get(name) ?? {}
    region[kind as keyof Region] = bytes
    regions.set(name, region)
  }
  const held = Array.from(regions, ([name, region]) => ({ isCard: CARD_REGION.test(name), bytes: heldBytes(region) }))
  return sums(held.flatMap(({ isCard, bytes }) => (bytes === null ? [] : [{ isCard, bytes }])))
}

/**
 * `memory` is the older name of `resident`; without either, `total` is the most that can be resident. A shared buffer is counted in full by
 * each of those who share it, mostly two: each answers for half of it.
 */
function heldBytes({ resident, memory, total, shared = 0 }: Region): number | null {
  const bytes = resident ?? memory ?? total
  return bytes === undefined ? null : bytes - Math.floor(Math.min(shared, bytes) / 2)
}

/** Where a card has memory of its own, main memory that it can reach is not its memory; a SoC has nothing else. */
function sums(regions: readonly { isCard: boolean; bytes: number }[]): {
  memoryBytes: number | null
  cardBytes: number
} {
  const total = (some: typeof regions) => some.reduce((sum, { bytes }) => sum + bytes, 0)
  const card = regions.filter(({ isCard }) => isCard)
  const cardBytes = total(card)
  if (regions.length === 0) return { memoryBytes: null, cardBytes }
  return { memoryBytes: card.length > 0 ? cardBytes : total(regions), cardBytes }
}

/** The address space's id tells clients apart where there is no client id yet. Rings without work are left out, as engines are later. */
function oldAmdgpu(fields: Fields): FdinfoRecord | null {
  const pdev = pciOf(fields.get('pdev'))
  const bytes = scaled(fields.get('vram mem'), BYTES_OF)
  if (pdev === null) return null
  const engines = new Map<string, EngineRecord>()
  for (const [key, value] of fields) {
    const ratio = OLD_RING.test(key) ? percentOf(value) : null
    if (ratio !== null) engines.set(key, { kind: 'share', ratio })
  }
  return {
    driver: 'amdgpu',
    pdev,
    clientId: idOf(fields.get('pasid')),
    engines,
    ...sums(bytes === null ? [] : [{ isCard: true, bytes }]),
  }
}

/** Printed with `%d.%d%%`: the hundredths have no leading zero, so that "12.5%" is 12.05 %. */
function percentOf(value: string): number | null {
  const [, whole, hundredths] = /^(\d{1,3})\.(\d{1,2})%$/.exec(value) ?? []
  if (whole === undefined || hundredths === undefined) return null
  return Math.min(1, Number(whole) / 100 + Number(hundredths) / 10_000)
}

function pciOf(value: string | undefined): string | null {
  const address = value?.toLowerCase() ?? ''
  if (!PCI.test(address)) return null
  // The first version of amdgpu's text left the PCI domain out.
  return address.length > 7 ? address : `0000:${address}`
}

function idOf(value: string | undefined): string | null {
  return value !== undefined && /^\d{1,20}$/.test(value) ? value : null
}

function scaled(value: string | undefined, factors: ReadonlyMap<string, number>): number | null {
  const [, digits, unit = ''] = /^(\d+)(?: ?([A-Za-z]+))?$/.exec(value ?? '') ?? []
  const factor = factors.get(unit)
  const count = countOf(digits)
  if (count === null || factor === undefined) return null
  return Number.isSafeInteger(count * factor) ? count * factor : null
}

/** A count that a number holds exactly: 2^53 ns are 104 days at work. */
function countOf(digits: string | undefined): number | null {
  if (digits === undefined || !/^\d{1,16}$/.test(digits)) return null
  const count = Number(digits)
  return Number.isSafeInteger(count) ? count : null
}
