import { burstOf } from './bursts.ts'
import { recurrence, type Span } from './calendar.ts'
import { durationMs } from './duration.ts'
import type { Rig } from './schema.ts'
import type { Load } from './schema-load.ts'

/** From the moment asked until `untilMs` a load is `value + slopePerMs · t`. */
export type Piece = { readonly untilMs: number; readonly value: number; readonly slopePerMs: number }
export type Pieces = (atMs: number) => Piece

const FOR_EVER = Number.POSITIVE_INFINITY
type Epoch = Pick<Rig, 'start' | 'zone' | 'duration'>

/** A declared load as linear pieces, for counters that are read in the order of time. */
export function piecesOf(load: Load, rig: Epoch): Pieces {
  if (typeof load === 'number') {
    const always = { untilMs: FOR_EVER, value: load, slopePerMs: 0 }
    return () => always
  }
  if ('steps' in load) return stepPieces(load.steps)
  if ('ramp' in load) return rampPieces(load.ramp)
  if ('wave' in load) return wavePieces(load.wave)
  if ('bursts' in load) return (atMs) => burstPiece(load.bursts, atMs)
  if ('sum' in load) return sumPieces(load.sum.map((part) => piecesOf(part, rig)))
  const isInside = recurrence(rig, load)
  return gated(piecesOf(load.load, rig), isInside)
}

/** The load while `isOpen`, 0 otherwise. */
export function gated(pieces: Pieces, isOpen: (atMs: number) => { inside: boolean; untilMs: number }): Pieces {
  return (atMs) => {
    const { inside, untilMs } = isOpen(atMs)
    if (!inside) return { untilMs, value: 0, slopePerMs: 0 }
    const piece = pieces(atMs)
    return piece.untilMs <= untilMs ? piece : { ...piece, untilMs }
  }
}

/** Open outside of `spans`, which are in order and do not overlap. */
export function outside(spans: readonly Span[]): (atMs: number) => { inside: boolean; untilMs: number } {
  return (atMs) => {
    for (const span of spans) {
      if (atMs < span.fromMs) return { inside: true, untilMs: span.fromMs }
      if (atMs < span.toMs) return { inside: false, untilMs: span.toMs }
    }
    return { inside: true, untilMs: FOR_EVER }
  }
}

/** Open within `spans`, which are in order and do not overlap. */
export function within(spans: readonly Span[]): (atMs: number) => { inside: boolean; untilMs: number } {
  const isOutside = outside(spans)
  return (atMs) => {
    const { inside, untilMs } = isOutside(atMs)
    return { inside: !inside, untilMs }
  }
}

function stepPieces(steps: readonly [string, number][]): Pieces {
  const points = steps.map(([at, value]) => ({ atMs: durationMs(at), value }))
  return (atMs) => {
    let low = 0
    let high = points.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((points[middle]?.atMs ?? FOR_EVER) <= atMs) low = middle + 1
      else high = middle
    }
    return { untilMs: points[low]?.atMs ?? FOR_EVER, value: points[low - 1]?.value ?? 0, slopePerMs: 0 }
  }
}

function rampPieces(ramp: readonly [string, number][]): Pieces {
  const points = ramp.map(([at, value]) => ({ atMs: durationMs(at), value }))
  return (atMs) => {
    let before: { atMs: number; value: number } | null = null
    for (const point of points) {
      if (point.atMs > atMs) {
        if (before === null) return { untilMs: point.atMs, value: 0, slopePerMs: 0 }
        const slopePerMs = (point.value - before.value) / (point.atMs - before.atMs)
        return { untilMs: point.atMs, value: before.value + slopePerMs * (atMs - before.atMs), slopePerMs }
      }
      before = point
    }
    return { untilMs: FOR_EVER, value: before?.value ?? 0, slopePerMs: 0 }
  }
}

function wavePieces(wave: Extract<Load, { wave: unknown }>['wave']): Pieces {
  const periodMs = durationMs(wave.period)
  const highMs = Math.round(periodMs * (wave.duty ?? 0.5))
  return (atMs) => {
    const startMs = Math.floor(atMs / periodMs) * periodMs
    if (atMs - startMs < highMs) return { untilMs: startMs + highMs, value: wave.high, slopePerMs: 0 }
    return { untilMs: startMs + periodMs, value: wave.low ?? 0, slopePerMs: 0 }
  }
}

function burstPiece(bursts: Extract<Load, { bursts: unknown }>['bursts'], atMs: number): Piece {
  const everyMs = durationMs(bursts.every)
  const slot = Math.floor(atMs / everyMs)
  const burst = burstOf(bursts, slot)
  if (burst !== null && atMs < burst.fromMs) return { untilMs: burst.fromMs, value: 0, slopePerMs: 0 }
  if (burst !== null && atMs < burst.toMs) return { untilMs: burst.toMs, value: burst.value, slopePerMs: 0 }
  return { untilMs: (slot + 1) * everyMs, value: 0, slopePerMs: 0 }
}

function sumPieces(parts: readonly Pieces[]): Pieces {
  return (atMs) => {
    const sum = { untilMs: FOR_EVER, value: 0, slopePerMs: 0 }
    for (const part of parts) {
      const piece = part(atMs)
      sum.untilMs = Math.min(sum.untilMs, piece.untilMs)
      sum.value += piece.value
      sum.slopePerMs += piece.slopePerMs
    }
    return sum
  }
}

/** The integral of a load from `fromMs` on, moved forward in time; value · ms. */
export type Integral = {
  readonly pieces: Pieces
  piece: Piece
  pieceFromMs: number
  beforePiece: number
  total: number
}

export function integralFrom(pieces: Pieces, fromMs: number): Integral {
  return { pieces, piece: pieces(fromMs), pieceFromMs: fromMs, beforePiece: 0, total: 0 }
}

/** The load itself at a moment that the integral has reached. */
export function valueNow(integral: Integral, atMs: number): number {
  return integral.piece.value + integral.piece.slopePerMs * (atMs - integral.pieceFromMs)
}

/** Within a piece the total is computed from the piece's beginning, so that many small steps add no rounding. */
export function advanceIntegral(integral: Integral, toMs: number): void {
  while (toMs >= integral.piece.untilMs) {
    integral.beforePiece += pieceIntegral(integral.piece, integral.piece.untilMs - integral.pieceFromMs)
    integral.pieceFromMs = integral.piece.untilMs
    integral.piece = integral.pieces(integral.pieceFromMs)
  }
  integral.total = integral.beforePiece + pieceIntegral(integral.piece, toMs - integral.pieceFromMs)
}

function pieceIntegral(piece: Piece, lengthMs: number): number {
  return lengthMs * (piece.value + (piece.slopePerMs * lengthMs) / 2)
}
