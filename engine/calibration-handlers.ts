import type { Calibration, CalibrationFit } from '../contract/calibration.ts'
import type { PerwattHandlers } from '../contract/index.ts'
import { ok, type Problem, problem, type Remedy } from '../contract/result.ts'
import type { KeptFit } from './calibration/kept-fit.ts'
import type { Reference } from './calibration/reference.ts'
import type { MeasuredMachine } from './machine.ts'

const ADD_METER: Remedy = { kind: 'setting', path: 'Wall meters' }
const UNPLUG: Remedy = { ...ADD_METER, note: 'or unplug the charger, and try again in half a minute' }

/** Calibrations by hand: whoever asks makes the load, the engine watches, fits and keeps. */
export function calibrationHandlers(machine: MeasuredMachine) {
  const { calibrator, measuring } = machine

  function fitView(fit: KeptFit): CalibrationFit {
    const { idleW, slopeW, exponent } = fit.curve
    return {
      ...{ domain: fit.domain, scope: fit.scope, fittedTo: fit.words, madeS: fit.madeS },
      ...{ idleW, fullW: idleW + slopeW, exponent, residualRatio: fit.residualRatio, r2: fit.r2, levels: fit.levels },
      uncertainty: 2 * fit.gainRatio,
      counts: calibrator.curve()?.domain === fit.domain,
    }
  }

  /** Why the reference has nothing to tell; `null` where it has, or where its first figure is on its way. */
  function obstacle(reference: Reference | null): Problem<'noReference'> | null {
    const views = measuring.book.views(machine.nowS())
    if (reference === null) {
      const { virtualisation } = measuring.facts
      if (virtualisation === 'vm' || virtualisation === 'wsl') return VIRTUAL
      return NO_METER
    }
    const view = views.find(({ domain }) => domain.id === reference.domain.id)
    if (view === undefined) return NO_METER
    if (view.reason !== null) {
      return problem('noReference', `Nothing measures better than the estimate now. ${view.reason}`, UNPLUG)
    }
    if (view.state === 'failing') {
      return problem('noReference', `The better meter fails: ${view.problem?.reason ?? 'it gives no figures.'}`)
    }
    return null
  }

  function view(): Calibration {
    const reference = calibrator.reference()
    const why = obstacle(reference?.of ?? null)
    return {
      fits: calibrator.fits.map(fitView),
      reference:
        reference === null
          ? null
          : {
              domain: reference.of.domain.id,
              name: reference.of.domain.name,
              isTelling: reference.isTelling && why === null,
            },
      reason: why?.reason ?? null,
      remedy: why === null || why.remedy === null || why.remedy.kind === 'command' ? null : why.remedy,
    }
  }

  return {
    calibration: () => ok(view()),
    beginCalibration: ({ forS }) => {
      if (machine.history === null) return NO_HISTORY
      const why = obstacle(calibrator.reference()?.of ?? null)
      if (why !== null) return why
      const begun = calibrator.begin(machine.nowS(), forS)
      return begun.ok ? ok({}) : begun
    },
    endCalibration: () => {
      const adopted = calibrator.end(machine.nowS())
      if (!adopted.ok) return adopted
      machine.fitChanged(adopted.value)
      machine.history?.flush()
      return ok(fitView(adopted.value.fit))
    },
    abandonCalibration: () => {
      calibrator.abandon()
      return ok({})
    },
    forgetCalibration: () => {
      calibrator.forget()
      machine.fitChanged(null)
      machine.history?.flush()
      return ok({})
    },
  } satisfies Partial<PerwattHandlers>
}

const NO_HISTORY = problem('noHistory', 'This engine keeps no history, so it could not keep a calibration either.')
const NO_METER = problem(
  'noReference',
  'Nothing here measures better than the estimate does. On a laptop its battery does, while the charger is unplugged; a wall meter does on any machine.',
  ADD_METER,
)
const VIRTUAL = problem(
  'noReference',
  'This machine is virtual: its own load explains little of what a meter of its host shows, so nothing can be fitted.',
)
