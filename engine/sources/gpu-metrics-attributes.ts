import type { GpuMetrics, GpuMetricsFault } from './gpu-metrics.ts'

/**
 * gpu_metrics 1.9 is no struct but a list: header, i32 count, then packed attributes of u64 encoding and as many values as it says
 * (kgd_pp_interface.h: AMDGPU_METRICS_ENC_ATTR, amdgpu_metrics_attr_id, -type, -unit; drivers/gpu/drm/amd/pm/swsmu/smu_cmn.h).
 */
const COUNT_AT = 4
const FIRST_AT = 8
const ENCODING_BYTES = 8
/** Of u8, s8, u16, s16, u32, s32, u64, s64. */
const WIDTHS = [1, 1, 2, 2, 4, 4, 8, 8] as const
/** No table holds more in the page that sysfs gives it. */
const MOST_ATTRIBUTES = 512

/** Id and unit of what is of use here. The unit of the energy is "none" in the table; it is that of the structs, and is checked as theirs. */
const SOCKET_POWER = { id: 3, unit: 3 } as const
const GFX_ACTIVITY = { id: 4, unit: 10 } as const
const ENERGY = { id: 7, unit: 0 } as const

type Attribute = { readonly id: number; readonly unit: number }

export function parseAttributes(table: DataView): GpuMetrics | GpuMetricsFault {
  if (table.byteLength < FIRST_AT) return 'cut'
  const count = table.getInt32(COUNT_AT, true)
  if (count < 0 || count > MOST_ATTRIBUTES) return 'unknown'
  const told = new Map<Attribute, bigint>()
  let at = FIRST_AT
  for (let index = 0; index < count; index++) {
    if (at + ENCODING_BYTES > table.byteLength) return 'cut'
    const encoding = table.getUint32(at, true)
    const width = WIDTHS[(encoding >>> 20) & 0xf]
    const values = encoding & 0x3ff
    // What follows a type that nobody published has no known length.
    if (width === undefined || values === 0 || table.getUint32(at + 4, true) !== 0) return 'unknown'
    at += ENCODING_BYTES
    if (at + width * values > table.byteLength) return 'cut'
    const known = attributeOf(encoding)
    if (known !== null && values === 1) take(told, known, unsigned(table, at, width, encoding))
    at += width * values
  }
  const busyPct = told.get(GFX_ACTIVITY)
  const powerW = told.get(SOCKET_POWER)
  return {
    isApu: false,
    busyRatio: busyPct === undefined || busyPct > 100n ? null : Number(busyPct) / 100,
    powerW: powerW === undefined ? null : Number(powerW),
    gfxPowerW: null,
    isGfxByDifference: false,
    npuPowerW: null,
    energyUnits: told.get(ENERGY) ?? null,
  }
}

function attributeOf(encoding: number): Attribute | null {
  const id = (encoding >>> 10) & 0x3ff
  const unit = encoding >>> 24
  return [SOCKET_POWER, GFX_ACTIVITY, ENERGY].find((each) => each.id === id && each.unit === unit) ?? null
}

function take(told: Map<Attribute, bigint>, attribute: Attribute, value: bigint | null): void {
  if (value !== null) told.set(attribute, value)
}

/** `null` for all ones, which stand for a value that is not supported, and for types with a sign, which none of ours has. */
function unsigned(table: DataView, at: number, width: 1 | 2 | 4 | 8, encoding: number): bigint | null {
  if (((encoding >>> 20) & 1) === 1) return null
  let value = 0n
  for (let byte = width - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(table.getUint8(at + byte))
  return value === (1n << BigInt(8 * width)) - 1n ? null : value
}
