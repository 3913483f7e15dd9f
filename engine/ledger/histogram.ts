import { VarintReader, VarintWriter } from './varint.ts'

/** Requests by bin of a logarithmic scale. */
export type Histogram = Map<number, number>

/** Bins a doubling: a bin is 9 % wide, so that a median from it is within 5 %. */
const BINS_A_DOUBLING = 8

/** Bin of a value ≥ 0; below 1 there is one bin. */
export function binOf(value: number): number {
  return value < 1 ? -1 : Math.floor(BINS_A_DOUBLING * Math.log2(value))
}

/** The middle of a bin. */
function valueOfBin(bin: number): number {
  return bin < 0 ? 0.5 : 2 ** ((bin + 0.5) / BINS_A_DOUBLING)
}

export function count(histogram: Histogram, bin: number, requests: number): void {
  histogram.set(bin, (histogram.get(bin) ?? 0) + requests)
}

/** As varints: `{ bin + 1, requests }…`. */
export function packHistogram(histogram: Histogram): Uint8Array {
  const out = new VarintWriter()
  for (const [bin, requests] of histogram) {
    out.write(bin + 1)
    out.write(requests)
  }
  return out.bytes()
}

/** Adds a packed histogram to `into`. @throws `CorruptCells` where the bytes are none. */
export function unpackHistogramInto(into: Histogram, bytes: Uint8Array): void {
  const input = new VarintReader(bytes)
  while (!input.atEnd) {
    const bin = input.read() - 1
    count(into, bin, input.read())
  }
}

/** Within 5 %; `null` where there is nothing. */
export function medianOf(histogram: Histogram): number | null {
  const half = [...histogram.values()].reduce((sum, requests) => sum + requests, 0) / 2
  let below = 0
  for (const [bin, requests] of [...histogram].sort(([a], [b]) => a - b)) {
    below += requests
    if (below > half) return valueOfBin(bin)
  }
  return null
}
