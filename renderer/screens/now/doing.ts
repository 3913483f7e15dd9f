import { figureText, formatPower, THIN } from '../../../contract/format.ts'
import type { Now, NowApp } from '../../../contract/now.ts'

/** CPU time above which an app is at work: 5 % of a core. */
const BUSY_CORES = 0.05
/** Idle power worth naming. */
const NOTABLE_IDLE_W = 0.1

/** What an app is doing, in a few words: the model that generates, else whether it works, idles at a cost, or is quiet. */
export function doing(app: Pick<NowApp, 'id' | 'cpuCores' | 'activeW' | 'idleW'>, models: Now['models']): string {
  const own = models.filter((model) => model.app === app.id)
  const generating = own.filter((model) => (model.tokensPerS ?? 0) > 0)
  const first = generating[0]
  if (first !== undefined) {
    const more = generating.length > 1 ? ` and ${generating.length - 1} more` : ''
    return `${first.name}${more}, ${formatRate(first.tokensPerS ?? 0)}`
  }
  if (app.cpuCores >= BUSY_CORES || app.activeW > app.idleW + NOTABLE_IDLE_W) return 'Working'
  if (app.idleW >= NOTABLE_IDLE_W) return `Idle, still draws ${figureText(formatPower(app.idleW))}`
  return own.length > 0 ? 'Model loaded, quiet' : 'Quiet'
}

/** "31 tok/s", "4.2 tok/s". */
export function formatRate(tokensPerS: number): string {
  return `${tokensPerS.toFixed(tokensPerS < 9.95 ? 1 : 0)}${THIN}tok/s`
}
