import type { RunFigures } from './run.ts'

/**
 * Relative standard uncertainty (k = 1) of the ratio of two energies by errors that repeating does not shrink: gain and floor are the same
 * error in both, so only what they drew differently of each root and floor is left (attribution.md §6). Two models on one card: nearly nothing.
 */
export function uncommonRatio(a: readonly RunFigures[], b: readonly RunFigures[]): number {
  const gains = new Map<string, number>()
  const floors = new Map<string, number>()
  for (const [runs, sign] of [
    [a, 1],
    [b, -1],
  ] as const)
    for (const { parts } of runs)
      for (const { domain, root, gainRatio, floorRatio, energyRatio, floorShareRatio } of parts) {
        gains.set(root, (gains.get(root) ?? 0) + (sign * gainRatio * energyRatio) / runs.length)
        floors.set(domain, (floors.get(domain) ?? 0) + (sign * floorRatio * floorShareRatio) / runs.length)
      }
  const squares = [...gains.values(), ...floors.values()].reduce((sum, error) => sum + error * error, 0)
  return Math.sqrt(squares)
}
