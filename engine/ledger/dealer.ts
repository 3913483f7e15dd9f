/** The part of an integer between two marks of 0..1; adjoining parts sum to it exactly. */
export function part(value: number, from: number, to: number): number {
  return (to === 1 ? value : Math.round(value * to)) - (from === 0 ? 0 : Math.round(value * from))
}

/**
 * Deals several integers out over adjoining stretches of 0..1. Of each stretch the pieces sum to the `part` of the sum, as if it were one
 * integer; of each integer they sum to it; none is negative.
 */
export class Dealer {
  readonly #total: number
  #left: number[]

  constructor(values: readonly number[]) {
    this.#left = [...values]
    this.#total = sumOf(values)
  }

  /** The pieces of the next stretch; the last ends at 1. */
  deal(from: number, to: number): number[] {
    const left = this.#left
    const leftTotal = sumOf(left)
    const ratio = leftTotal > 0 ? part(this.#total, from, to) / leftTotal : 0
    // Cut along the running sum, which rounds to the whole at its end and never falls.
    let summed = 0
    let dealt = 0
    const pieces = left.map((value) => {
      summed += value
      const upTo = Math.round(summed * ratio)
      const piece = upTo - dealt
      dealt = upTo
      return piece
    })
    this.#left = left.map((value, index) => value - (pieces[index] as number))
    return pieces
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
