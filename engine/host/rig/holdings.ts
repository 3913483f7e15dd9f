import { type Span, windowsOf } from './calendar.ts'
import { durationMs } from './duration.ts'
import { type Life, livesOf } from './lives.ts'
import type { Rig, RigProcess } from './schema.ts'
import type { RigGpu } from './schema-devices.ts'

/** The card that a process uses; `null` where it uses none, or the rig has none. */
export function cardOf(rig: Pick<Rig, 'gpus'>, spec: RigProcess): RigGpu | null {
  if (spec.gpu === undefined && spec.gpuMemoryBytes === undefined) return null
  if (spec.gpuOf === undefined) return rig.gpus[0] ?? null
  return rig.gpus.find(({ pci }) => pci === spec.gpuOf) ?? null
}

/** What it holds of the card's memory while it holds the card. */
export function heldBytes({ gpuMemoryBytes = 0 }: RigProcess): number {
  return typeof gpuMemoryBytes === 'number' ? gpuMemoryBytes : gpuMemoryBytes.bytes
}

/** When a process holds its card: all its life, or in windows of it. */
export function holdingsOf(rig: Rig, { spec, startMs, stopMs }: Life): Span[] {
  const { gpuMemoryBytes } = spec
  if (gpuMemoryBytes === undefined || typeof gpuMemoryBytes === 'number') return [{ fromMs: startMs, toMs: stopMs }]
  return windowsOf(rig, gpuMemoryBytes)
    .map(({ fromMs, toMs }) => ({ fromMs: Math.max(fromMs, startMs), toMs: Math.min(toMs, stopMs) }))
    .filter(({ fromMs, toMs }) => toMs > fromMs)
}

/** It keeps its card from deep idle whenever it holds it. */
export function isResident(spec: RigProcess): boolean {
  return spec.app !== undefined && heldBytes(spec) > 0
}

/** When a card's driver has put it to sleep: from some time after the last process let go of it until one takes it. */
export function cardSleepsOf(rig: Rig, card: RigGpu): Span[] {
  if (card.sleeps === undefined) return []
  const afterMs = durationMs(card.sleeps.after)
  const held = livesOf(rig)
    .filter(({ spec }) => cardOf(rig, spec) === card)
    .flatMap((life) => holdingsOf(rig, life))
  const sleeps: Span[] = []
  let freeFromMs = 0
  for (const { fromMs, toMs } of union(held)) {
    if (fromMs > freeFromMs) sleeps.push({ fromMs: freeFromMs, toMs: fromMs })
    freeFromMs = Math.max(freeFromMs, toMs + afterMs)
  }
  if (freeFromMs < Number.POSITIVE_INFINITY) sleeps.push({ fromMs: freeFromMs, toMs: Number.POSITIVE_INFINITY })
  return sleeps
}

/** The same time as spans in order that do not touch. */
export function union(spans: readonly Span[]): Span[] {
  const merged: Span[] = []
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1)
    if (last === undefined || last.toMs < span.fromMs) merged.push(span)
    else if (last.toMs < span.toMs) merged[merged.length - 1] = { fromMs: last.fromMs, toMs: span.toMs }
  }
  return merged
}
