import { appCell, type Cells, domainCell } from './cells.ts'
import { VarintReader, VarintWriter } from './varint.ts'

/**
 * The cells of one bucket as a BLOB of varints (LEB128, as in WebAssembly's binary format):
 *
 *     { domain, idle, other, variance, apps × 4 + class, [estimated], { app × 4 + class, active, idle, floor share, variance, [estimated] }… }…
 *
 * `class` says how much of the energy is estimated: 0 none, 1 all, 2 the number that follows. The domain's energy is the sum of
 * its parts and not stored, so that it cannot contradict them. A quarter of the size of a row a cell, and one row a flush.
 */
export function packCells(cells: Cells): Uint8Array {
  const out = new VarintWriter()
  for (const [domain, cell] of cells) {
    if (cell.energyMj === 0) continue
    const apps = [...cell.apps].filter(([, { activeMj, idleMj }]) => activeMj + idleMj > 0)
    out.write(domain)
    out.write(cell.idleMj)
    out.write(cell.otherMj)
    out.write(cell.varMj2)
    writeClass(out, apps.length, cell.energyMj, cell.estimatedMj)
    for (const [app, { activeMj, idleMj, floorShareMj, varMj2, estimatedMj }] of apps) {
      const energyMj = activeMj + idleMj
      out.write(app * 4 + classOf(energyMj, estimatedMj))
      out.write(activeMj)
      out.write(idleMj)
      out.write(floorShareMj)
      out.write(varMj2)
      if (classOf(energyMj, estimatedMj) === 2) out.write(estimatedMj)
    }
  }
  return out.bytes()
}

function classOf(energyMj: number, estimatedMj: number): 0 | 1 | 2 {
  if (estimatedMj === 0) return 0
  return estimatedMj === energyMj ? 1 : 2
}

function writeClass(out: VarintWriter, value: number, energyMj: number, estimatedMj: number): void {
  const kind = classOf(energyMj, estimatedMj)
  out.write(value * 4 + kind)
  if (kind === 2) out.write(estimatedMj)
}

/** Adds packed cells to `into`. @throws `CorruptCells` where the bytes are not packed cells. */
export function unpackInto(into: Cells, bytes: Uint8Array): void {
  const input = new VarintReader(bytes)
  while (!input.atEnd) unpackDomain(into, input)
}

function unpackDomain(into: Cells, input: VarintReader): void {
  const cell = domainCell(into, input.read())
  const idleMj = input.read()
  const otherMj = input.read()
  cell.varMj2 += input.read()
  const { value: apps, kind } = readClass(input.read())
  const estimatedMj = kind === 2 ? input.read() : 0
  let energyMj = idleMj + otherMj
  for (let index = 0; index < apps; index++) energyMj += unpackApp(cell.apps, input)
  cell.idleMj += idleMj
  cell.otherMj += otherMj
  cell.energyMj += energyMj
  cell.estimatedMj += kind === 1 ? energyMj : estimatedMj
}

function unpackApp(apps: Parameters<typeof appCell<number>>[0], input: VarintReader): number {
  const { value: app, kind } = readClass(input.read())
  const cell = appCell(apps, app)
  const activeMj = input.read()
  const idleMj = input.read()
  cell.floorShareMj += input.read()
  cell.varMj2 += input.read()
  cell.activeMj += activeMj
  cell.idleMj += idleMj
  if (kind === 1) cell.estimatedMj += activeMj + idleMj
  if (kind === 2) cell.estimatedMj += input.read()
  return activeMj + idleMj
}

function readClass(varint: number): { value: number; kind: number } {
  return { value: Math.floor(varint / 4), kind: varint % 4 }
}
