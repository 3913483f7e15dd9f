import type { CardState } from './cards.ts'
import type { Machine } from './machine.ts'
import type { Sensors } from './sensors.ts'

const NOT_TOLD = 0xff
const MOST_U16 = 0xfffe
/** APUs write hundredths of a percent. */
const CENTI_PERCENT = 10_000

/**
 * A `gpu_metrics` table of a processor with graphics, format 2.4 or 3.0 (drivers/gpu/drm/amd/include/kgd_pp_interface.h), one letter a byte; all
 * ones where it tells nothing. In 2.4 graphics have a rail of their own, as Van Gogh's, and the CPU's stands beside it; both in mW.
 */
export function apuMetrics(machine: Machine, sensors: Sensors, card: CardState): string {
  const busy = Math.round(CENTI_PERCENT * sensors.cardBusyRatio(card))
  const packageMw = Math.round(1_000 * apuPowerW(sensors, card))
  const graphicsMw = Math.round(1_000 * sensors.cardW(card))
  if (card.spec.metrics === '2.4') {
    const table = emptyTable(168, 2, 4)
    table.setUint16(28, busy, true)
    table.setUint16(42, Math.min(MOST_U16, Math.max(0, packageMw - graphicsMw)), true)
    table.setUint16(46, Math.min(MOST_U16, graphicsMw), true)
    return textOf(table)
  }
  const table = emptyTable(264, 3, 0)
  table.setUint16(42, busy, true)
  const npu = machine.cards.find(({ spec }) => spec.kind === 'npu' && spec.inside === card.spec.inside)
  if (npu !== undefined) table.setUint16(116, Math.min(MOST_U16, Math.round(1_000 * sensors.cardW(npu))), true)
  table.setUint32(120, packageMw, true)
  table.setUint32(124, graphicsMw, true)
  return textOf(table)
}

/** Of the whole chip. */
export function apuPowerW(sensors: Sensors, { spec }: CardState): number {
  return sensors.packageW(spec.inside ?? '')
}

export function isApu({ spec }: CardState): boolean {
  return spec.metrics !== '1.3'
}

function emptyTable(bytes: number, format: number, content: number): DataView {
  const table = new DataView(new Uint8Array(bytes).fill(NOT_TOLD).buffer)
  table.setUint16(0, bytes, true)
  table.setUint8(2, format)
  table.setUint8(3, content)
  return table
}

function textOf(table: DataView): string {
  return Buffer.from(table.buffer).toString('latin1')
}
