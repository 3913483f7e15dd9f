/** Widths of fields in bytes, in the order of a struct of kgd_pp_interface.h; `pad` only takes space. */
type Field = readonly [name: string, width: 1 | 2 | 4 | 8, count?: number]

const TEMPERATURES: Field[] = [['temperature', 2, 6]]
const AVERAGES: Field[] = [['clock', 2, 14]]
const FIRST_CARD: Field[] = [
  ...TEMPERATURES,
  ['busy', 2],
  ['umc', 2],
  ['mm', 2],
  ['watts', 2],
  ['energy', 8],
  ['clockNs', 8],
  ...AVERAGES,
  ['throttle', 4],
  ['fan', 2],
  ['pcie', 2, 2],
  ['pad', 2],
  ['accumulated', 4, 2],
  ['hbm', 2, 4],
]
const ACCELERATOR: Field[] = [
  ['temperature', 2, 3],
  ['watts', 2],
  ['busy', 2],
  ['umc', 2],
]
const LINKS: Field[] = [
  ['lock', 4],
  ['link', 2, 4],
  ['accumulated', 4, 2],
  ['pcie', 8, 5],
]
const CLOCKS: Field[] = [
  ['firmware', 8],
  ['clock', 2, 21],
]
/** Of eight partitions: busy, JPEG and video engines, then accumulated counts. */
const partitions = (jpeg: number, counts: number): Field[] =>
  Array.from({ length: 8 }, (): Field[] => [
    ['xcc', 4, 8],
    ['jpeg', 2, jpeg],
    ['vcn', 2, 4],
    ['count', 8, counts],
  ]).flat()
const RESIDENCIES: Field[] = [['residency', 4, 6]]
const apu = (isFirst: boolean): Field[] => {
  const clock: Field[] = [['clockNs', 8]]
  return [
    ...(isFirst ? clock : []),
    ['temperature', 2, 12],
    ['busy', 2],
    ['mm', 2],
    ...(isFirst ? [] : clock),
    ['socket', 2],
    ['cpu', 2],
    ['soc', 2],
    ['gfx', 2],
    ['cores', 2, 8],
    ['clock', 2, 22],
    ['throttle', 4],
    ['fan', 2],
    ['pad', 2, isFirst ? 1 : 3],
  ]
}
const AVERAGE_TEMPERATURES: Field[] = [['temperature', 2, 12]]

/** Structs by revision; `1.6-first` was withdrawn, and its number used again. */
const STRUCTS: Readonly<Record<string, readonly Field[]>> = {
  '1.0': [
    ['clockNs', 8],
    ...TEMPERATURES,
    ['busy', 2],
    ['umc', 2],
    ['mm', 2],
    ['watts', 2],
    ['energy', 4],
    ...AVERAGES,
    ['throttle', 4],
    ['fan', 2],
    ['pcie', 1, 2],
  ],
  '1.1': FIRST_CARD,
  '1.2': [...FIRST_CARD, ['firmware', 8]],
  '1.3': [...FIRST_CARD, ['firmware', 8], ['voltage', 2, 3], ['pad', 2], ['throttle64', 8]],
  '1.4': [
    ...ACCELERATOR,
    ['vcn', 2, 4],
    ['energy', 8],
    ['clockNs', 8],
    ['throttle', 4],
    ...LINKS,
    ['xgmi', 8, 16],
    ...CLOCKS,
    ['pad', 2],
  ],
  '1.5': [
    ...ACCELERATOR,
    ['vcn', 2, 4],
    ['jpeg', 2, 32],
    ['energy', 8],
    ['clockNs', 8],
    ['throttle', 4],
    ...LINKS,
    ['nak', 4, 2],
    ['xgmi', 8, 16],
    ...CLOCKS,
    ['pad', 2],
  ],
  '1.6-first': [
    ...ACCELERATOR,
    ['vcn', 2, 4],
    ['jpeg', 2, 32],
    ['energy', 8],
    ['clockNs', 8],
    ...RESIDENCIES,
    ['throttle', 4],
    ...LINKS,
    ['nak', 4, 2],
    ['xgmi', 8, 16],
    ...CLOCKS,
    ['pad', 2],
  ],
  '1.6': [
    ...ACCELERATOR,
    ['energy', 8],
    ['clockNs', 8],
    ...RESIDENCIES,
    ...LINKS,
    ['nak', 4, 2],
    ['xgmi', 8, 16],
    ...CLOCKS,
    ['partitions', 2],
    ...partitions(32, 8),
    ['recovery', 4],
  ],
  '1.7': [
    ...ACCELERATOR,
    ['bandwidth', 8],
    ['energy', 8],
    ['clockNs', 8],
    ...RESIDENCIES,
    ...LINKS,
    ['nak', 4, 2],
    ['xgmi', 8, 16],
    ['xgmiStatus', 2, 8],
    ['pad', 2],
    ...CLOCKS,
    ['partitions', 2],
    ...partitions(32, 16),
    ['recovery', 4],
  ],
  '1.8': [
    ...ACCELERATOR,
    ['bandwidth', 8],
    ['energy', 8],
    ['clockNs', 8],
    ...RESIDENCIES,
    ...LINKS,
    ['nak', 4, 2],
    ['xgmi', 8, 16],
    ['xgmiStatus', 2, 8],
    ['pad', 2],
    ...CLOCKS,
    ['partitions', 2],
    ...partitions(40, 40),
    ['recovery', 4],
  ],
  '2.0': apu(true),
  '2.1': apu(false),
  '2.2': [...apu(false), ['throttle64', 8]],
  '2.3': [...apu(false), ['throttle64', 8], ...AVERAGE_TEMPERATURES],
  '2.4': [...apu(false), ['throttle64', 8], ...AVERAGE_TEMPERATURES, ['voltage', 2, 3], ['current', 2, 3]],
  '3.0': [
    ['temperature', 2, 19],
    ['busy', 2],
    ['vcn', 2],
    ['ipu', 2, 8],
    ['c0', 2, 16],
    ['bandwidth', 2, 4],
    ['clockNs', 8],
    ['socket', 4],
    ['npu', 2],
    ['apu', 4],
    ['gfx', 4],
    ['dgpu', 4],
    ['allCores', 4],
    ['cores', 2, 16],
    ['sys', 2],
    ['stapm', 2, 2],
    ['clock', 2, 8],
    ['coreClock', 2, 16],
    ['limit', 2, 2],
    ['residency', 4, 7],
    ['filterUs', 4],
  ],
}

export const REVISIONS = Object.keys(STRUCTS)

/**
 * A table as the driver fills it: naturally aligned, all ones but for `values` and the header. A value of a field that repeats stands in
 * each of it.
 */
export function gpuMetricsTable(revision: string, values: Readonly<Record<string, number | bigint>> = {}): Uint8Array {
  const fields = STRUCTS[revision]
  if (fields === undefined) throw new Error(`no struct ${revision}`)
  const table = new Uint8Array(8_192).fill(0xff)
  const view = new DataView(table.buffer)
  let at = 4
  let widest = 2
  for (const [name, width, count = 1] of fields) {
    widest = Math.max(widest, width)
    at = Math.ceil(at / width) * width
    for (let index = 0; index < count; index++, at += width) {
      const value = values[name]
      if (value !== undefined) write(view, at, width, BigInt(value))
    }
  }
  const sizeBytes = Math.ceil(at / widest) * widest
  const [format = 0, content = 0] = revision.split(/[.-]/).map(Number)
  view.setUint16(0, sizeBytes, true)
  view.setUint8(2, format)
  view.setUint8(3, content)
  return table.slice(0, sizeBytes)
}

const TYPES = ['u8', 's8', 'u16', 's16', 'u32', 's32', 'u64', 's64'] as const
export type MetricsAttribute = {
  readonly id: number
  readonly unit: number
  readonly type: (typeof TYPES)[number]
  readonly values: readonly (number | bigint)[]
}

/** A table of revision 1.9: packed attributes, each of an encoding and its values (AMDGPU_METRICS_ENC_ATTR). */
export function attributeTable(attributes: readonly MetricsAttribute[]): Uint8Array {
  const table = new Uint8Array(8_192)
  const view = new DataView(table.buffer)
  let at = 8
  for (const { id, unit, type, values } of attributes) {
    const kind = TYPES.indexOf(type)
    const width = Number(type.slice(1)) / 8
    view.setBigUint64(at, (BigInt(unit) << 24n) | BigInt((kind << 20) | (id << 10) | values.length), true)
    at += 8
    for (const value of values) {
      write(view, at, width, BigInt(value))
      at += width
    }
  }
  view.setUint16(0, at, true)
  view.setUint8(2, 1)
  view.setUint8(3, 9)
  view.setInt32(4, attributes.length, true)
  return table.slice(0, at)
}

function write(view: DataView, at: number, width: number, value: bigint): void {
  for (let byte = 0; byte < width; byte++) view.setUint8(at + byte, Number((value >> BigInt(8 * byte)) & 0xffn))
}
