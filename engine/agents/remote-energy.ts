import { REMOTE_FIGURES, type RemoteFigures } from './remote-figures.ts'
import type { Tokens } from './usage-record.ts'

/** What tokens may have taken in a data centre: an estimate from published figures, and the band in which those lie. Never added to measured energy. */
export type RemoteEnergy = { readonly energyMj: number; readonly lowMj: number; readonly highMj: number }

/** `null` where it is switched off, or no tokens are told. */
export function remoteEnergy(
  { input, cacheRead, cacheWrite, output, model }: Tokens & { readonly model: string | null },
  { estimateRemote }: { readonly estimateRemote: boolean },
  figures: RemoteFigures = REMOTE_FIGURES,
): RemoteEnergy | null {
  if (!estimateRemote || [input, cacheRead, cacheWrite, output].every((count) => count === null)) return null
  const { inputJ, cacheReadJ, cacheWriteJ, outputJ } =
    model !== null && figures.smallNames.test(model) ? figures.small : figures.large
  const energyJ =
    (input ?? 0) * inputJ + (cacheRead ?? 0) * cacheReadJ + (cacheWrite ?? 0) * cacheWriteJ + (output ?? 0) * outputJ
  const mj = (ratio: number) => Math.round(energyJ * ratio * 1_000)
  return { energyMj: mj(1), lowMj: mj(figures.lowRatio), highMj: mj(figures.highRatio) }
}
