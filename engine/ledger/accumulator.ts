import type { AppId, DomainId, ModelId } from '../../contract/ids.ts'
import { appCell, type Cells, type DomainCell, domainCell } from './cells.ts'
import { Dealer, part } from './dealer.ts'
import { addModel, type ModelCells, modelCell } from './model-cells.ts'
import type { Bucket, FinestS } from './resolutions.ts'
import type { LedgerInterval } from './types.ts'
import type { LedgerModelInterval } from './work-types.ts'

export type PendingBucket = Bucket & { readonly cells: Cells<DomainId, AppId>; readonly models: ModelCells<ModelId> }
/** What one transaction writes, and what of the memory it came from. */
export type Chunk = { readonly buckets: readonly PendingBucket[]; readonly taken: readonly PendingBucket[] }

const MINUTE_S = 60
const MOST_FINE = 720
const MOST_MINUTES = 24 * 60
/** Buckets written in one transaction: a flush has one or two; after a full disk it bounds what is redone on a failure. */
const CHUNK = 60

/**
 * What was recorded and is not yet in the file. An interval inside one bucket goes there whole; one that crosses a boundary is
 * divided pro rata by time, each of its integers by cumulative rounding, so that the pieces sum to it exactly; a piece's
 * energy is the sum of its parts, so that `idle + other + Σ apps === energy` holds in every bucket.
 */
export class Accumulator {
  readonly #finestS: FinestS
  #fine = new Map<number, PendingBucket>()
  #minutes = new Map<number, PendingBucket>()

  constructor(finestS: FinestS) {
    this.#finestS = finestS
  }

  get size(): number {
    return this.#fine.size + this.#minutes.size
  }

  /** An interval that ends before it starts (the clock was set back within it) belongs to the bucket of its start. */
  add(interval: LedgerInterval): void {
    this.#eachBucket(interval, (index, from, to) => this.#addPart(index, interval, from, to))
  }

  /** What an app's models drew of it: where they have all that their app has, they have all of it in every bucket, too. */
  addModels(interval: LedgerModelInterval): void {
    const { shares } = interval
    const above = new Dealer(shares.flatMap(({ activeMj, loadMj }) => [activeMj, loadMj]))
    const idle = new Dealer(shares.map(({ idleMj }) => idleMj))
    this.#eachBucket(interval, (index, from, to) => {
      const { models } = this.#bucket(index * this.#finestS)
      const [aboveMj, idleMj] = [above.deal(from, to), idle.deal(from, to)]
      for (const [place, { model }] of shares.entries()) {
        const cell = modelCell(models, model)
        const drawn = [aboveMj[2 * place] as number, aboveMj[2 * place + 1] as number, idleMj[place] as number] as const
        cell.activeMj += drawn[0]
        cell.loadMj += drawn[1]
        cell.idleMj += drawn[2]
        if (interval.provenance === 'estimate') cell.estimatedMj += drawn[0] + drawn[1] + drawn[2]
      }
    })
  }

  #eachBucket(
    interval: { readonly startWallMs: number; readonly endWallMs: number },
    take: (index: number, from: number, to: number) => void,
  ): void {
    const finestMs = this.#finestS * 1_000
    const first = Math.floor(interval.startWallMs / finestMs)
    const last = Math.ceil(interval.endWallMs / finestMs) - 1
    if (last <= first) {
      take(first, 0, 1)
      return
    }
    const lengthMs = interval.endWallMs - interval.startWallMs
    for (let index = first; index <= last; index++) {
      const from = index === first ? 0 : (index * finestMs - interval.startWallMs) / lengthMs
      const to = index === last ? 1 : ((index + 1) * finestMs - interval.startWallMs) / lengthMs
      take(index, from, to)
    }
  }

  #addPart(index: number, interval: LedgerInterval, from: number, to: number): void {
    const cell = domainCell(this.#bucket(index * this.#finestS).cells, interval.domain)
    const estimated = interval.provenance === 'estimate'
    const idleMj = part(interval.idleMj, from, to)
    const otherMj = part(interval.otherMj, from, to)
    let energyMj = idleMj + otherMj
    for (const share of interval.shares) {
      const activeMj = part(share.activeMj, from, to)
      const appIdleMj = part(share.idleMj, from, to)
      energyMj += activeMj + appIdleMj
      const app = appCell(cell.apps, share.app)
      app.activeMj += activeMj
      app.idleMj += appIdleMj
      app.floorShareMj += part(share.floorShareMj, from, to)
      if (estimated) app.estimatedMj += activeMj + appIdleMj
      app.varMj2 += share.varMj2 * (to - from)
    }
    cell.energyMj += energyMj
    cell.idleMj += idleMj
    cell.otherMj += otherMj
    if (estimated) cell.estimatedMj += energyMj
    cell.varMj2 += interval.varMj2 * (to - from)
  }

  #bucket(startS: number): PendingBucket {
    const known = this.#fine.get(startS)
    if (known !== undefined) return known
    const bucket = { startS, endS: startS + this.#finestS, cells: new Map(), models: new Map() }
    this.#fine.set(startS, bucket)
    return bucket
  }

  /** The oldest buckets, as many as one transaction takes, each of the finest resolution, in the order of time. */
  oldest(): Chunk {
    const taken = [...this.#minutes.values(), ...this.#fine.values()].sort(byStart).slice(0, CHUNK)
    return { buckets: taken.flatMap((bucket) => spread(bucket, this.#finestS)).sort(byStart), taken }
  }

  /** They are in the file. */
  drop({ taken }: Chunk): void {
    for (const bucket of taken)
      for (const held of [this.#fine, this.#minutes]) if (held.get(bucket.startS) === bucket) held.delete(bucket.startS)
  }

  /**
   * Keeps the memory bounded while the disk takes nothing: beyond two hours the older half becomes minutes, and what is older
   * than a day of minutes is dropped. Returns the stretches dropped.
   */
  compact(): Bucket[] {
    if (this.#fine.size <= MOST_FINE) return []
    const sorted = [...this.#fine.values()].sort(byStart)
    for (const bucket of sorted.slice(0, MOST_FINE / 2)) this.#mergeIntoMinute(bucket)
    this.#fine = new Map(sorted.slice(MOST_FINE / 2).map((bucket) => [bucket.startS, bucket]))
    const minutes = [...this.#minutes.values()].sort(byStart)
    const dropped = minutes.slice(0, Math.max(0, minutes.length - MOST_MINUTES))
    for (const { startS } of dropped) this.#minutes.delete(startS)
    return dropped
  }

  #mergeIntoMinute(bucket: PendingBucket): void {
    const startS = Math.floor(bucket.startS / MINUTE_S) * MINUTE_S
    const lengthS = Math.max(MINUTE_S, this.#finestS)
    const minute = this.#minutes.get(startS) ?? { startS, endS: startS + lengthS, cells: new Map(), models: new Map() }
    this.#minutes.set(startS, minute)
    for (const [domain, cell] of bucket.cells) addPiece(domainCell(minute.cells, domain), cell, 0, 1)
    for (const [model, cell] of bucket.models) addModel(minute.models, model, cell)
  }
}

function byStart(a: Bucket, b: Bucket): number {
  return a.startS - b.startS
}

/** A minute that was merged is written as an interval of a minute would be: divided over its finest buckets. */
function spread(bucket: PendingBucket, finestS: FinestS): PendingBucket[] {
  const pieces = Math.round((bucket.endS - bucket.startS) / finestS)
  if (pieces <= 1) return [bucket]
  return Array.from({ length: pieces }, (_, index) => {
    const startS = bucket.startS + index * finestS
    const piece: PendingBucket = { startS, endS: startS + finestS, cells: new Map(), models: new Map() }
    for (const [domain, cell] of bucket.cells)
      addPiece(domainCell(piece.cells, domain), cell, index / pieces, (index + 1) / pieces)
    for (const [model, cell] of bucket.models)
      addModel(piece.models, model, {
        activeMj: part(cell.activeMj, index / pieces, (index + 1) / pieces),
        idleMj: part(cell.idleMj, index / pieces, (index + 1) / pieces),
        loadMj: part(cell.loadMj, index / pieces, (index + 1) / pieces),
        estimatedMj: part(cell.estimatedMj, index / pieces, (index + 1) / pieces),
      })
    return piece
  })
}

function addPiece(into: DomainCell<AppId>, cell: DomainCell<AppId>, from: number, to: number): void {
  const idleMj = part(cell.idleMj, from, to)
  const otherMj = part(cell.otherMj, from, to)
  let energyMj = idleMj + otherMj
  for (const [app, { activeMj, idleMj, floorShareMj, estimatedMj, varMj2 }] of cell.apps) {
    const sum = appCell(into.apps, app)
    const piece = { activeMj: part(activeMj, from, to), idleMj: part(idleMj, from, to) }
    sum.activeMj += piece.activeMj
    sum.idleMj += piece.idleMj
    sum.floorShareMj += part(floorShareMj, from, to)
    sum.estimatedMj += part(estimatedMj, from, to)
    sum.varMj2 += varMj2 * (to - from)
    energyMj += piece.activeMj + piece.idleMj
  }
  into.energyMj += energyMj
  into.idleMj += idleMj
  into.otherMj += otherMj
  into.estimatedMj += part(cell.estimatedMj, from, to)
  into.varMj2 += cell.varMj2 * (to - from)
}
