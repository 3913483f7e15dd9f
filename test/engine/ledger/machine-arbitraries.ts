import fc from 'fast-check'
import type { LedgerInterval } from '../../../engine/ledger/types.ts'
import { comfy, cpu, gpu, interval, ollama } from './records.ts'

const mj = fc.oneof(fc.constant(0), fc.nat(50), fc.nat(5_000_000))
const share = fc.record({ activeMj: mj, idleMj: mj, floorShareMj: mj, varMj2: fc.nat(10_000) })

/** What one domain did, for as long and whenever the caller says. */
export const parts = fc.record({
  idleMj: mj,
  otherMj: mj,
  varMj2: fc.nat(10_000),
  provenance: fc.constantFrom('counter' as const, 'estimate' as const),
  shares: fc.dictionary(fc.constantFrom(ollama.id, comfy.id), share),
})

export const anyDomain = fc.constantFrom(cpu, gpu)

export function anyInterval(fromS: number, longestS: number): fc.Arbitrary<LedgerInterval> {
  return fc
    .record({ of: anyDomain, startS: fc.nat(3_600), lengthMs: fc.integer({ min: 1, max: longestS * 1_000 }), parts })
    .map(({ of, startS, lengthMs, parts: what }) =>
      interval(of, [fromS + startS, fromS + startS + lengthMs / 1_000], what),
    )
}
