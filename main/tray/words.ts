import type { EngineState } from '../../contract/app.ts'
import { mjToKwh } from '../../contract/conversions.ts'
import { figureText, formatEnergy, formatMoney, formatPower } from '../../contract/format.ts'
import type { Now } from '../../contract/now.ts'
import type { Settings } from '../../contract/settings.ts'

/** What tooltip and menu say, as text: figures change here and nowhere else. */
export type Words = {
  /** One line: the text alternative of the image. */
  readonly summary: string
  /** The AI's watts alone, for the title beside the icon on macOS; empty while unknown. */
  readonly short: string
  readonly apps: readonly string[]
  readonly today: string | null
}

const SHOWN_APPS = 3

export function wordsOf(
  now: Now | null,
  engine: EngineState,
  settings: Pick<Settings, 'currency' | 'pricePerKwh'>,
): Words {
  if (engine.state !== 'running') return { summary: engineWords(engine), short: '', apps: [], today: null }
  if (now === null || now.state === 'warming')
    return { summary: 'Measuring the first seconds…', short: '', apps: [], today: null }
  const today = todayWords(now, settings)
  if (now.state === 'paused') return { summary: 'Paused', short: '', apps: [], today }
  const { powerW, aiPowerW, provenance, reason } = now.machine
  if (now.state === 'blind' || powerW === null || aiPowerW === null) {
    return { summary: reason ?? 'Nothing here measures power', short: '', apps: [], today }
  }
  const sign = provenance === 'estimate' ? '≈ ' : ''
  return {
    summary: `AI ${sign}${figureText(formatPower(aiPowerW))} of ${sign}${figureText(formatPower(powerW))}`,
    short: figureText(formatPower(aiPowerW)),
    apps: topApps(now).map((app) => `${app.name}  ${sign}${figureText(formatPower(app.powerW))}`),
    today,
  }
}

export function tooltipOf(words: Words): string {
  return words.today === null ? `Perwatt: ${words.summary}` : `Perwatt: ${words.summary}\n${words.today}`
}

function engineWords({ state, reason }: EngineState): string {
  if (state === 'starting') return 'Starting…'
  const what = state === 'restarting' ? 'Measuring stopped, starting again' : 'Measuring stopped'
  return reason === null ? what : `${what}: ${reason}`
}

function topApps(now: Now): Now['apps'] {
  return now.apps
    .filter((app) => !app.isSelf && app.powerW > 0)
    .toSorted((one, other) => other.powerW - one.powerW)
    .slice(0, SHOWN_APPS)
}

function todayWords(now: Now, { currency, pricePerKwh }: Pick<Settings, 'currency' | 'pricePerKwh'>): string {
  const energy = `AI today ${figureText(formatEnergy(now.today.aiMj))}`
  if (pricePerKwh === null) return energy
  return `${energy} · ${formatMoney(mjToKwh(now.today.aiMj) * pricePerKwh, currency)}`
}
