import { durationMs } from './duration.ts'
import type { Bursts } from './schema-load.ts'

export type Burst = { readonly fromMs: number; readonly toMs: number; readonly value: number }

/** The burst of one slot, or none: a function of seed and slot alone, so that it is the same whoever asks and in whatever order. */
export function burstOf(bursts: Bursts, slot: number): Burst | null {
  if (noise(bursts.seed, slot, 0) >= bursts.chance) return null
  const everyMs = durationMs(bursts.every)
  const [shortestMs, longestMs] = [durationMs(bursts.lasts[0]), durationMs(bursts.lasts[1])]
  const lastsMs = Math.min(everyMs, Math.round(shortestMs + (longestMs - shortestMs) * noise(bursts.seed, slot, 1)))
  const fromMs = slot * everyMs + Math.floor((everyMs - lastsMs) * noise(bursts.seed, slot, 2))
  const value = bursts.between[0] + (bursts.between[1] - bursts.between[0]) * noise(bursts.seed, slot, 3)
  return { fromMs, toMs: fromMs + lastsMs, value }
}

/** Deterministic noise in 0..1 (the finaliser of MurmurHash3, Appleby 2011). */
export function noise(seed: number, slot: number, salt: number): number {
  let hash =
    Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(slot + 1, 0xc2b2ae35) ^ Math.imul(salt + 1, 0x27d4eb2f)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
