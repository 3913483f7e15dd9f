import { VarintReader, VarintWriter } from './varint.ts'

/** Energy of a model in one bucket, summed over its app's domains: part of its app's energy. */
export type ModelCell = { activeMj: number; idleMj: number; loadMj: number; estimatedMj: number }
export type ModelCells<M = number> = Map<M, ModelCell>

export function modelCell<M>(cells: ModelCells<M>, model: M): ModelCell {
  const known = cells.get(model)
  if (known !== undefined) return known
  const cell = { activeMj: 0, idleMj: 0, loadMj: 0, estimatedMj: 0 }
  cells.set(model, cell)
  return cell
}

export function addModel<M>(cells: ModelCells<M>, model: M, values: Readonly<ModelCell>): void {
  const cell = modelCell(cells, model)
  cell.activeMj += values.activeMj
  cell.idleMj += values.idleMj
  cell.loadMj += values.loadMj
  cell.estimatedMj += values.estimatedMj
}

/** One bucket as varints: `{ model × 4 + class, active, idle, load, [estimated] }…`, class as in pack.ts. */
export function packModels(cells: ModelCells): Uint8Array {
  const out = new VarintWriter()
  for (const [model, { activeMj, idleMj, loadMj, estimatedMj }] of cells) {
    const energyMj = activeMj + idleMj + loadMj
    if (energyMj === 0) continue
    const kind = estimatedMj === 0 ? 0 : estimatedMj === energyMj ? 1 : 2
    out.write(model * 4 + kind)
    out.write(activeMj)
    out.write(idleMj)
    out.write(loadMj)
    if (kind === 2) out.write(estimatedMj)
  }
  return out.bytes()
}

/** Adds packed cells to `into`. @throws `CorruptCells` where the bytes are not packed cells. */
export function unpackModelsInto(into: ModelCells, bytes: Uint8Array): void {
  const input = new VarintReader(bytes)
  while (!input.atEnd) {
    const head = input.read()
    const [activeMj, idleMj, loadMj] = [input.read(), input.read(), input.read()]
    const kind = head % 4
    const estimatedMj = kind === 2 ? input.read() : kind === 1 ? activeMj + idleMj + loadMj : 0
    addModel(into, Math.floor(head / 4), { activeMj, idleMj, loadMj, estimatedMj })
  }
}
