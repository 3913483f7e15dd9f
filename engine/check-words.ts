import type { Sources } from '../contract/sources.ts'
import type { CheckView } from './second-accounts.ts'

type Finding = Sources['findings'][number]

/** What a comparison of two accounts is worth telling, in a sentence; `null` where it says nothing (yet). */
export function checkFinding({ domain, of, source, verdict }: CheckView): Finding | null {
  if (verdict.kind === 'tooShort') return null
  const own = watts(verdict.ownW)
  const other = watts(verdict.otherW)
  if (of === 'whole') {
    const restW = verdict.otherW - verdict.ownW
    if (restW >= -verdict.allowedW) {
      const text = `${domain.name}: ${other} altogether, of which ${own} are measured by part; ${watts(Math.max(0, restW))} are display, board, fans and losses.`
      return { code: 'overhead', text, count: 1 }
    }
    const text = `${domain.name} tells ${other}, less than the ${own} that its parts are measured at: one of them is wrong.`
    return { code: 'partsAboveWhole', text, count: 1 }
  }
  if (verdict.kind === 'agrees') return null
  const text = `${domain.name}: ${source} tells ${other} where ${own} are counted; they should agree within ${watts(verdict.allowedW)}.`
  return { code: 'sourcesDisagree', text, count: 1 }
}

function watts(powerW: number): string {
  return `${powerW < 10 ? powerW.toFixed(1) : Math.round(powerW)} W`
}
