import { parseAttributes } from './gpu-metrics-attributes.ts'

/**
 * What an amdgpu `gpu_metrics` table tells of power, by the published layouts of kgd_pp_interface.h (Linux, drivers/gpu/drm/amd/include).
 * `null`: this device does not tell it.
 */
export type GpuMetrics = {
  /** Tables of format 2 and 3 are of chips that hold the CPU too. */
  readonly isApu: boolean
  /** Time that graphics and compute were busy, 0–1. */
  readonly busyRatio: number | null
  /** Of a card: its socket. Of an APU: the whole chip, CPU included; only format 3 tells it without a doubt about the unit. */
  readonly powerW: number | null
  /** Graphics of an APU, within `powerW`. */
  readonly gfxPowerW: number | null
  /** `gfxPowerW` is a rail that the CPU's cores share, less the cores: far less certain. */
  readonly isGfxByDifference: boolean
  /** Neural unit of an APU, within `powerW`. */
  readonly npuPowerW: number | null
  /** Of a card: cumulative, in units of 2^-16 J. */
  readonly energyUnits: bigint | null
}

/** `cut`: shorter than it says; `unknown`: no layout that was published; `empty`: nothing but zeros. */
export type GpuMetricsFault = 'cut' | 'unknown' | 'empty'

/** Bytes of the header: u16 structure_size, u8 format_revision, u8 content_revision; all little endian. */
const HEADER_BYTES = 4

type CardLayout = {
  readonly leastBytes: number
  readonly busy: number
  readonly watts: number
  readonly energy: number
}
type ApuLayout = { readonly leastBytes: number; readonly busy: number; readonly cpu: number; readonly gfx: number }

/** Offsets by content revision of format 1. The energy of 1.0 has 32 bits, of all others 64. What partitions add to 1.8 grew before its release. */
const CARDS: readonly CardLayout[] = [
  { leastBytes: 80, busy: 28, watts: 34, energy: 36 },
  { leastBytes: 96, busy: 16, watts: 22, energy: 24 },
  { leastBytes: 104, busy: 16, watts: 22, energy: 24 },
  { leastBytes: 120, busy: 16, watts: 22, energy: 24 },
  { leastBytes: 288, busy: 12, watts: 10, energy: 24 },
  { leastBytes: 360, busy: 12, watts: 10, energy: 88 },
  { leastBytes: 1_664, busy: 12, watts: 10, energy: 16 },
  { leastBytes: 2_208, busy: 12, watts: 10, energy: 24 },
  { leastBytes: 2_208, busy: 12, watts: 10, energy: 24 },
]
/** A first 1.6 was withdrawn and its number used again; only its size tells the two apart. */
const FIRST_1_6: CardLayout = { leastBytes: 384, busy: 12, watts: 10, energy: 88 }

/** Content revision of format 1 that is a list of attributes. */
const ATTRIBUTES = 9

/** By content revision of format 2; the powers of its cores follow that of its graphics. */
const APUS: readonly ApuLayout[] = [
  { leastBytes: 120, busy: 40, cpu: 46, gfx: 50 },
  { leastBytes: 120, busy: 28, cpu: 42, gfx: 46 },
  { leastBytes: 128, busy: 28, cpu: 42, gfx: 46 },
  { leastBytes: 152, busy: 28, cpu: 42, gfx: 46 },
  { leastBytes: 168, busy: 28, cpu: 42, gfx: 46 },
]
const APU_CORES = 8

/** Format 3.0: offsets of its fields; powers are u32 mW but for the neural unit's u16. */
const V3 = { leastBytes: 264, busy: 42, npu: 116, apu: 120, gfx: 124 } as const

/** Parses the first `length` of `bytes`, a whole table read at once. */
export function parseGpuMetrics(bytes: Uint8Array, length: number): GpuMetrics | GpuMetricsFault {
  if (length < HEADER_BYTES || length > bytes.length) return 'cut'
  const table = new DataView(bytes.buffer, bytes.byteOffset, length)
  const sizeBytes = table.getUint16(0, true)
  const format = table.getUint8(2)
  const content = table.getUint8(3)
  if (sizeBytes > length) return 'cut'
  if (isZero(bytes, sizeBytes)) return 'empty'
  if (format === 1 && content === ATTRIBUTES)
    return parseAttributes(new DataView(bytes.buffer, bytes.byteOffset, sizeBytes))
  if (format === 1) {
    const layout = content === 6 && sizeBytes === FIRST_1_6.leastBytes ? FIRST_1_6 : CARDS[content]
    if (layout === undefined) return 'unknown'
    return sizeBytes < layout.leastBytes ? 'cut' : parseCard(table, layout, content === 0)
  }
  if (format === 2) {
    const layout = APUS[content]
    if (layout === undefined) return 'unknown'
    return sizeBytes < layout.leastBytes ? 'cut' : parseApu(table, layout)
  }
  if (format !== 3 || content !== 0) return 'unknown'
  return sizeBytes < V3.leastBytes ? 'cut' : parseV3(table)
}

function parseCard(table: DataView, layout: CardLayout, isShort: boolean): GpuMetrics {
  return {
    isApu: false,
    busyRatio: ratio(u16(table, layout.busy), 100),
    powerW: u16(table, layout.watts),
    gfxPowerW: null,
    isGfxByDifference: false,
    npuPowerW: null,
    energyUnits: isShort ? big(u32(table, layout.energy)) : u64(table, layout.energy),
  }
}

/**
 * Format 2: mW. Its socket power is left alone: mW or W by the firmware of some (renoir_ppt.c), and another card's too where they share it.
 * Van Gogh has a rail for graphics, and tells the CPU's beside it. Others (Rembrandt, Phoenix) write the rail that cores and graphics share
 * (VDDCR_VDD: smu_v13_0_1_pmfw.h) into the field for graphics and leave the CPU's out; without the cores' own powers that says nothing.
 */
function parseApu(table: DataView, layout: ApuLayout): GpuMetrics {
  const gfxMw = u16(table, layout.gfx)
  const isRailOwn = u16(table, layout.cpu) !== null
  const coresMw = isRailOwn ? 0 : sumOfCores(table, layout.gfx + 2)
  return {
    isApu: true,
    busyRatio: ratio(u16(table, layout.busy), CENTI_PERCENT),
    powerW: null,
    gfxPowerW: gfxMw === null || coresMw === null ? null : Math.max(0, gfxMw - coresMw) / 1_000,
    isGfxByDifference: !isRailOwn,
    npuPowerW: null,
    energyUnits: null,
  }
}

function parseV3(table: DataView): GpuMetrics {
  return {
    isApu: true,
    busyRatio: ratio(u16(table, V3.busy), CENTI_PERCENT),
    powerW: watts(u32(table, V3.apu)),
    gfxPowerW: watts(u32(table, V3.gfx)),
    isGfxByDifference: false,
    npuPowerW: watts(u16(table, V3.npu)),
    energyUnits: null,
  }
}

/** APUs write their firmware's hundredths of a percent; the kernel divides them for `gpu_busy_percent` alone. */
const CENTI_PERCENT = 10_000

function sumOfCores(table: DataView, at: number): number | null {
  let sum: number | null = null
  for (let core = 0; core < APU_CORES; core++) {
    const powerMw = u16(table, at + 2 * core)
    if (powerMw !== null) sum = (sum ?? 0) + powerMw
  }
  return sum
}

function isZero(bytes: Uint8Array, end: number): boolean {
  for (let at = HEADER_BYTES; at < end; at++) if (bytes[at] !== 0) return false
  return true
}

/** All ones stand for a field that is not supported. */
function u16(table: DataView, at: number): number | null {
  const value = table.getUint16(at, true)
  return value === 0xffff ? null : value
}

function u32(table: DataView, at: number): number | null {
  const value = table.getUint32(at, true)
  return value === 0xffffffff ? null : value
}

/** RDNA4's driver writes 32 ones into the 64 bits of an energy that its firmware cannot count (smu_v14_0_2_ppt.c). */
function u64(table: DataView, at: number): bigint | null {
  const value = table.getBigUint64(at, true)
  return value === 0xffff_ffff_ffff_ffffn || value === 0xffff_ffffn ? null : value
}

function big(value: number | null): bigint | null {
  return value === null ? null : BigInt(value)
}

function watts(powerMw: number | null): number | null {
  return powerMw === null ? null : powerMw / 1_000
}

function ratio(value: number | null, full: number): number | null {
  return value === null || value > full ? null : value / full
}
