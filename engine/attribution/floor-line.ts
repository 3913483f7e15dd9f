/** A load level counts once it was seen for this long; two are a line by definition, so three are asked for. */
const LEVEL_S = 5
const LEVELS = 3
const LEVEL_CORES = 0.25
/** As for a calibration: attribution.md §6. */
const NEEDED_R2 = 0.9

/** Least squares of power over utilisation, weighed by time: where the line meets no work is a floor that no quiet moment has shown yet. */
export interface FloorLine {
  add(utilisation: number, powerW: number, seconds: number): void
  /** `null` until the line is good enough. Never above the least power that was seen. */
  floorW(): number | null
}

export function createFloorLine(): FloorLine {
  let sumS = 0
  let sumU = 0
  let sumUu = 0
  let sumP = 0
  let sumPp = 0
  let sumUp = 0
  let leastW = Number.POSITIVE_INFINITY
  const levels = new Map<number, number>()

  return {
    add(utilisation, powerW, seconds) {
      sumS += seconds
      sumU += seconds * utilisation
      sumUu += seconds * utilisation ** 2
      sumP += seconds * powerW
      sumPp += seconds * powerW ** 2
      sumUp += seconds * utilisation * powerW
      leastW = Math.min(leastW, powerW)
      const level = Math.floor(utilisation / LEVEL_CORES)
      levels.set(level, (levels.get(level) ?? 0) + seconds)
    },
    floorW() {
      let seen = 0
      for (const seconds of levels.values()) if (seconds >= LEVEL_S) seen += 1
      if (seen < LEVELS) return null
      const varU = sumUu / sumS - (sumU / sumS) ** 2
      const varP = sumPp / sumS - (sumP / sumS) ** 2
      const covariance = sumUp / sumS - (sumU / sumS) * (sumP / sumS)
      if (varU <= 0 || varP <= 0 || covariance ** 2 / (varU * varP) < NEEDED_R2) return null
      const floorW = sumP / sumS - (covariance / varU) * (sumU / sumS)
      return floorW > 0 ? Math.min(floorW, leastW) : null
    },
  }
}
