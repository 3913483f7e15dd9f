import fc from 'fast-check'
import type { LedgerInterval } from '../../../engine/ledger/types.ts'
import { ada, comfy, cpu, flux, gemma, gpu, grace, interval, ollama, project, qwen } from './records.ts'

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

/** What somebody delivered; `null` is "not counted". */
const count = fc.oneof(fc.constant(null), fc.nat(5_000))
const anyOutput = fc.record({
  isRemote: fc.boolean(),
  user: fc.constantFrom(null, ada.id, grace.id),
  project: fc.constantFrom(null, project.id),
  model: fc.constantFrom(null, qwen.id, gemma.id),
  promptTokens: count,
  outputTokens: count,
  images: count,
  audioMs: count,
  requests: fc.oneof(fc.constant(null), fc.nat(3)),
  requestMj: mj,
})
export const outputs = fc.array(anyOutput, { maxLength: 3 })

/** Which of an app's models share what it drew: none, one or two. */
export const modelsOf = fc.record({
  [ollama.id]: fc.constantFrom([], [qwen], [qwen, gemma]),
  [comfy.id]: fc.constantFrom([], [flux]),
})

export const anyDomain = fc.constantFrom(cpu, gpu)

export function anyInterval(fromS: number, longestS: number): fc.Arbitrary<LedgerInterval> {
  return fc
    .record({ of: anyDomain, startS: fc.nat(3_600), lengthMs: fc.integer({ min: 1, max: longestS * 1_000 }), parts })
    .map(({ of, startS, lengthMs, parts: what }) =>
      interval(of, [fromS + startS, fromS + startS + lengthMs / 1_000], what),
    )
}
