import type { EngineState } from '../../contract/app.ts'
import type { Now } from '../../contract/now.ts'
import type { Settings } from '../../contract/settings.ts'
import { type Alarm, BAR_STEPS, BARS, type Face, RING_STEPS } from './icon.ts'

const AMBER_FROM = 0.8
const RED_FROM = 1
/** A client that merely waits for its server wakes up now and then; below this nobody would call it at work. */
const AT_WORK_CORES = 0.05
/** A bar of the sparkline stands for this long; seven of them are the last minute and a bit. */
const BAR_MS = 10_000

/** What the tray image is to say. No figures, because the engine is down, paused or blind: hollow. */
export function faceOf(
  now: Now | null,
  engine: EngineState['state'],
  style: Settings['trayStyle'],
  bars: readonly number[],
): Face {
  const aiW = now?.machine.aiPowerW ?? null
  if (now === null || aiW === null || now.state !== 'measuring' || engine !== 'running') return { kind: 'hollow' }
  const alarm = alarmOf(now.budgetUsedRatio ?? null)
  if (style === 'digits') return { kind: 'digits', text: wattsInThree(aiW), alarm }
  if (style === 'sparkline') return { kind: 'sparkline', steps: bars, alarm }
  return { kind: 'ring', step: stepOf(aiW, now.gaugeFullW, RING_STEPS), isActive: isAiAtWork(now), alarm }
}

export function alarmOf(budgetUsedRatio: number | null): Alarm {
  if (budgetUsedRatio === null || budgetUsedRatio < AMBER_FROM) return 'calm'
  return budgetUsedRatio < RED_FROM ? 'amber' : 'red'
}

/** A model that generates says so itself; of an app without a connector its load is all there is to see. */
export function isAiAtWork(now: Now): boolean {
  const isGenerating = now.models.some((model) => (model.tokensPerS ?? 0) > 0)
  return isGenerating || now.apps.some((app) => !app.isSelf && app.cpuCores >= AT_WORK_CORES && app.activeW > 0)
}

/** Whole steps of the scale; more than nothing shows as at least one, and above the scale it is full. */
export function stepOf(powerW: number, fullW: number, steps: number): number {
  if (powerW <= 0 || fullW <= 0) return 0
  return Math.min(steps, Math.max(1, Math.round((powerW / fullW) * steps)))
}

/** Whole watts in three characters: "0", "42", "310", "1k", "12k". */
export function wattsInThree(powerW: number): string {
  const whole = Math.round(Math.max(0, powerW))
  return whole < 1_000 ? String(whole) : `${Math.min(99, Math.round(whole / 1_000))}k`
}

/** The highest power of each of the last stretches, oldest first: what the sparkline draws. */
export class Bars {
  #peaksW: number[] = []
  #currentSinceMs: number | null = null

  add(powerW: number, atMs: number): void {
    const elapsed = this.#currentSinceMs === null ? 1 : Math.floor((atMs - this.#currentSinceMs) / BAR_MS)
    if (elapsed === 0) {
      this.#peaksW.push(Math.max(powerW, this.#peaksW.pop() ?? 0))
      return
    }
    // Stretches in which nobody told anything stay empty rather than repeat the last one.
    const skipped = Math.min(Math.max(elapsed - 1, 0), BARS)
    this.#peaksW = [...this.#peaksW, ...Array<number>(skipped).fill(0), powerW].slice(-BARS)
    this.#currentSinceMs = this.#currentSinceMs === null ? atMs : this.#currentSinceMs + elapsed * BAR_MS
  }

  steps(fullW: number): number[] {
    return this.#peaksW.map((peakW) => stepOf(peakW, fullW, BAR_STEPS))
  }
}
