/** A register may be two minutes late, so a short look would accuse it wrongly. */
const WINDOW_MS = 600_000
/** 10 Wh: many steps of the coarsest register. */
const ENOUGH_MJ = 36_000_000
const LONGEST_STEP_MS = 60_000
/** Registers and watts differ by late answers and rounding, units by ten, sixty, a thousand times. */
const APART = 3

/**
 * Whether a meter's watts and its register tell one story. Firmware has shown watt-minutes as Wh, and registers that stood still while
 * power flowed: either is told by the other. Two windows must disagree alike, since a late register can spoil one.
 */
export class Agreement {
  #start: { atMs: number; energyMj: number } | null = null
  #last: { atMs: number; powerW: number } | null = null
  #integralMj = 0
  #suspicion: number | null = null
  #verdict: number | null = null

  /** How many times the register's energy is that of the watts, where they contradict; `null` while they do not. */
  take(atMs: number, powerW: number, energyMj: number): number | null {
    const [start, last] = [this.#start, this.#last]
    this.#last = { atMs, powerW }
    const stepMs = last === null ? 0 : atMs - last.atMs
    if (start === null || last === null || stepMs > LONGEST_STEP_MS || energyMj < start.energyMj) {
      this.#begin(atMs, energyMj)
      return this.#verdict
    }
    this.#integralMj += ((last.powerW + powerW) / 2) * stepMs
    const registerMj = energyMj - start.energyMj
    if (atMs - start.atMs < WINDOW_MS || Math.max(registerMj, this.#integralMj) < ENOUGH_MJ) return this.#verdict
    const ratio = registerMj / this.#integralMj
    const isApart = !(ratio > 1 / APART && ratio < APART)
    const isAlike = this.#suspicion !== null && ratio > 1 === this.#suspicion > 1
    this.#verdict = isApart && isAlike ? ratio : null
    this.#suspicion = isApart ? ratio : null
    this.#begin(atMs, energyMj)
    return this.#verdict
  }

  #begin(atMs: number, energyMj: number): void {
    this.#start = { atMs, energyMj }
    this.#integralMj = 0
  }
}
