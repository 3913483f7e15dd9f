import type { Span } from './calendar.ts'

export function clipped(spans: readonly Span[], fromMs: number, toMs: number): Span[] {
  return spans
    .map((span) => ({ fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) }))
    .filter((span) => span.toMs > span.fromMs)
}

/** What of a span no hole covers; holes in order. */
export function without(span: Span, holes: readonly Span[]): Span[] {
  const left: Span[] = []
  let fromMs = span.fromMs
  for (const hole of holes) {
    if (hole.toMs <= fromMs || hole.fromMs >= span.toMs) continue
    if (hole.fromMs > fromMs) left.push({ fromMs, toMs: hole.fromMs })
    fromMs = hole.toMs
  }
  if (fromMs < span.toMs) left.push({ fromMs, toMs: span.toMs })
  return left
}

export function lengthOf({ fromMs, toMs }: Span): number {
  return toMs - fromMs
}

export function total<T>(items: readonly T[], amountOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amountOf(item), 0)
}
