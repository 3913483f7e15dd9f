import type { DomainId } from '../../contract/ids.ts'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { DomainEnergy } from '../attribution/types.ts'
import type { MachineFacts } from '../host/host.ts'
import type { FittedCurve, MachineLoad } from '../sources/source.ts'
import { type Fit, type FitFault, fitLoadCurve, judge } from './fit.ts'
import { CalibrationState, fitDomainId, fittedCurve, type KeptFit } from './kept-fit.ts'
import { createLoadLevels, type LoadLevels } from './load-levels.ts'
import { chooseReference, measuredRoots, type Placed, type Reference } from './reference.ts'
import { createSlots, type Slots } from './slots.ts'

/** Of everyday use a level must have been there for longer than of a ladder, which holds each level still. */
const LEVEL_S = { everyday: 30, guided: 5 } as const
const HALF_LIFE_S = 14 * 86_400
const DAY_S = 86_400
/** A meter that told nothing for longer has nothing to tell now. */
const TELLING_MS = 45_000
/** References come and go with cards and docks; pairs of those before them are dropped. */
const MOST_KEYS = 4
/** A guided calibration that nobody ended is over so long after its time. */
const GRACE_S = 120

/** A fit that begins to count, and the one before it, whose rows are as uncertain as the new pairs say. */
export type Adopted = {
  readonly fit: KeptFit
  readonly restated: { readonly domain: DomainId; readonly gainRatio: number } | null
}

/** Watches a better meter beside the load while there is one, and keeps what it taught for the time when there is none. attribution.md §6. */
export interface Calibrator {
  setDomains(placed: readonly Placed[]): void
  takeLoad(load: MachineLoad): void
  takeEnergy(energy: DomainEnergy): void
  restart(): void
  /** What the estimate draws here; `null` where it has its table alone. */
  curve(): FittedCurve | null
  readonly fits: readonly KeptFit[]
  /** What there is to fit to, and whether it told anything just now. */
  reference(): { readonly of: Reference; readonly isTelling: boolean } | null
  /** Looks whether everyday pairs make a fit that should count; call it once a minute. */
  consider(nowS: number): Adopted | null
  begin(nowS: number, forS: number): Result<Reference, 'noReference'>
  end(nowS: number): Result<Adopted, FitFault | 'notBegun'>
  abandon(): void
  /** Fits and pairs. */
  forget(): void
  state(): CalibrationState
}

export type CalibratorOptions = {
  readonly facts: Pick<MachineFacts, 'cpuModel' | 'logicalCpus' | 'virtualisation'>
  readonly timeZone: string
  readonly kept: unknown
}

export function createCalibrator({ facts, timeZone, kept }: CalibratorOptions): Calibrator {
  const machine = `${facts.cpuModel ?? 'unknown'} × ${facts.logicalCpus}`.slice(0, 300)
  const isVirtual = facts.virtualisation === 'vm' || facts.virtualisation === 'wsl'
  const parsed = CalibrationState.safeParse(kept)
  let fits = parsed.success ? parsed.data.fits.filter((fit) => fit.machine === machine) : []
  let pairs = new Map<string, LoadLevels>()
  if (parsed.success) for (const { key, levels } of parsed.data.pairs) pairs.set(key, createLoadLevels(levels))
  let placed: readonly Placed[] = []
  let reference: Reference | null = null
  let slots: Slots | null = null
  let loadMs = 0
  let toldMs = Number.NEGATIVE_INFINITY
  let fadedS: number | null = null
  let guided: { readonly key: string; readonly levels: LoadLevels; readonly untilS: number } | null = null

  function levelsOf(key: string): LoadLevels {
    const levels = pairs.get(key) ?? createLoadLevels()
    pairs.delete(key)
    pairs.set(key, levels)
    for (const oldest of pairs.keys()) if (pairs.size > MOST_KEYS) pairs.delete(oldest)
    return levels
  }

  function setDomains(next: readonly Placed[]): void {
    placed = next
    const before = reference
    reference = chooseReference(next, isVirtual)
    if (reference?.key === before?.key) return
    toldMs = Number.NEGATIVE_INFINITY
    guided = null
    if (reference === null) {
      slots = null
      return
    }
    const levels = levelsOf(reference.key)
    slots = createSlots(reference, (pair) => {
      levels.add(pair)
      guided?.levels.add(pair)
    })
  }

  function fade(nowS: number): void {
    const sinceS = nowS - (fadedS ?? nowS)
    fadedS = nowS
    if (sinceS > 0) for (const levels of pairs.values()) levels.fade(0.5 ** (sinceS / HALF_LIFE_S))
  }

  function adopt(fit: Fit, of: Reference, levels: LoadLevels, nowS: number): Adopted {
    const adopted: KeptFit = {
      domain: fitDomainId(nowS),
      scope: of.scope,
      key: of.key,
      words: of.words,
      madeS: nowS,
      machine,
      explained: [...of.explained.keys()],
      ...fit,
    }
    const before = fits.find(({ scope }) => scope === of.scope)
    fits = [...fits.filter(({ scope }) => scope !== of.scope), adopted]
    if (before === undefined || before.key !== of.key || before.domain === adopted.domain) {
      return { fit: adopted, restated: null }
    }
    const { residualRatio, referenceRatio } = judge(before.curve, levels.bins('check'))
    return {
      fit: adopted,
      restated: { domain: before.domain, gainRatio: Math.min(1, Math.hypot(residualRatio, referenceRatio)) },
    }
  }

  /** Series do not change for nothing: only where the fit that counts is no longer true, or much better can be had. */
  function isWorthIt(fit: Fit, of: Reference, levels: LoadLevels, nowS: number): boolean {
    const counting = fits.find(({ scope }) => scope === of.scope)
    if (counting === undefined) return true
    if (nowS - counting.madeS < DAY_S) return false
    if (counting.key !== of.key || fit.gainRatio < counting.gainRatio / 2) return true
    return Math.abs(judge(counting.curve, levels.bins('check')).biasRatio) > 2 * counting.gainRatio
  }

  return {
    setDomains,
    takeLoad(load) {
      loadMs = load.atMs
      slots?.takeLoad(load)
    },
    takeEnergy(energy) {
      if (slots === null) return
      if (reference?.reference.has(energy.domain)) toldMs = energy.toMs
      slots.takeEnergy(energy)
    },
    restart: () => slots?.restart(),
    curve() {
      const measured = measuredRoots(placed)
      if (measured.some(({ kind }) => kind === 'cpu')) return null
      const processor = fits.find(({ scope }) => scope === 'processor')
      if (processor !== undefined) return fittedCurve(processor, timeZone)
      // What is measured now and was not then lies in the fit already.
      const rest = fits.find(({ scope }) => scope === 'rest')
      const isDisjoint = rest !== undefined && measured.every(({ id }) => rest.explained.includes(id))
      return isDisjoint ? fittedCurve(rest, timeZone) : null
    },
    get fits() {
      return fits
    },
    reference: () => (reference === null ? null : { of: reference, isTelling: loadMs - toldMs < TELLING_MS }),
    consider(nowS) {
      fade(nowS)
      if (guided !== null && nowS > guided.untilS) guided = null
      if (reference === null || guided !== null) return null
      const levels = levelsOf(reference.key)
      const fit = fitLoadCurve(levels, LEVEL_S.everyday)
      if (!fit.ok || !isWorthIt(fit.value, reference, levels, nowS)) return null
      return adopt(fit.value, reference, levels, nowS)
    },
    begin(nowS, forS) {
      if (reference === null) return problem('noReference', 'Nothing here measures better than the estimate does.')
      guided = { key: reference.key, levels: createLoadLevels(), untilS: nowS + forS + GRACE_S }
      slots?.restart()
      return ok(reference)
    },
    end(nowS) {
      if (guided === null || reference === null) {
        return problem('notBegun', 'No calibration is under way: what it was fitted to has gone.')
      }
      const { levels } = guided
      guided = null
      const fit = fitLoadCurve(levels, LEVEL_S.guided)
      return fit.ok ? ok(adopt(fit.value, reference, levels, nowS)) : fit
    },
    abandon() {
      guided = null
    },
    forget() {
      fits = []
      pairs = new Map()
      const was = placed
      reference = null
      setDomains(was)
    },
    state: () => ({
      fits,
      pairs: Array.from(pairs, ([key, levels]) => ({ key, levels: levels.state() })),
    }),
  }
}
