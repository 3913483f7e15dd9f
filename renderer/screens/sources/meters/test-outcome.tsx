import { useEffect, useId, useState } from 'react'
import { figureText, formatEnergy, formatPower } from '../../../../contract/format.ts'
import type { FoundMeter } from '../../../../contract/meters.ts'
import { type Problem, remedyText } from '../../../../contract/result.ts'
import { Command } from '../../../parts/copy-button.tsx'
import { meterWays } from '../../../words.ts'
import { type Found as FoundUnit, fingerprintText } from './draft.ts'

const SHOWN_AFTER_MS = 1_000

/** Nothing for a second: most meters answer sooner. */
export function Asking(props: { address: string }) {
  const [isDue, setDue] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), SHOWN_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <p role="status" className="meter-asking">
      {isDue && (
        <>
          <progress aria-label="Waiting for an answer" /> Asking {props.address}. Some take several seconds.
        </>
      )}
    </p>
  )
}

/** Why the meter cannot be used, and what would mend it. */
export function Refused(props: { problem: Problem; canForgetCertificate: boolean; onForgetCertificate: () => void }) {
  const { problem } = props
  const { remedy } = problem
  return (
    <div role="alert">
      <p className="form-problem">{problem.reason}</p>
      {remedy?.note !== undefined && <p className="field-text">{remedy.note}</p>}
      {remedy?.kind === 'command' && <Command text={remedyText(remedy)} />}
      {props.canForgetCertificate && (
        <p className="meter-renewed">
          <button type="button" className="button button-small" onClick={props.onForgetCertificate}>
            Forget its old certificate
          </button>
          <span className="field-text">
            Only if you know why it was renewed. The next test shows the new one to compare; nothing is sent before.
          </span>
        </p>
      )}
    </div>
  )
}

/** What the meter can tell, to choose from. */
export function Found(props: { found: FoundMeter; chosen: string | null; onChoose: (unit: string) => void }) {
  const { found, chosen, onChoose } = props
  return (
    <fieldset className="found">
      <legend>What measures this machine</legend>
      <ul className="found-list">
        {found.units.map((unit) => (
          <UnitChoice
            key={unit.unit}
            unit={unit}
            isChosen={unit.unit === chosen}
            onChoose={() => onChoose(unit.unit)}
          />
        ))}
      </ul>
    </fieldset>
  )
}

function UnitChoice(props: { unit: FoundUnit; isChosen: boolean; onChoose: () => void }) {
  const { unit } = props
  const figures = [
    unit.powerW === null ? null : figureText(formatPower(unit.powerW)),
    unit.energyMj === null ? null : `${figureText(formatEnergy(unit.energyMj))} counted`,
    meterWays[unit.provenance],
  ].filter((figure) => figure !== null)
  return (
    <li className="found-unit">
      <label className="check">
        <input type="radio" name="unit" checked={props.isChosen} onChange={props.onChoose} />
        <span>
          {unit.name}
          {unit.name !== unit.unit && <small>{unit.unit}</small>}
          <small>{figures.join(' · ')}</small>
        </span>
      </label>
    </li>
  )
}

/** The certificate that the address shows, to be compared before anything is sent there. */
export function Certificate(props: { sha256: string; onAccept: () => void }) {
  return (
    <div className="grant" role="status">
      <p>
        No authority vouches for its certificate, as is usual for meters. Nothing was sent yet. Compare this fingerprint
        (SHA-256) with the one that the meter or its maker’s app shows:
      </p>
      <code className="fingerprint">{fingerprintText(props.sha256)}</code>
      <p className="meter-renewed">
        <button type="button" className="button button-small" onClick={props.onAccept}>
          It is my meter
        </button>
        <span className="field-text">Any other certificate is refused from now on.</span>
      </p>
    </div>
  )
}

/** What becomes of the history of a meter that is changed so; nothing where it simply goes on. */
export function Continuation(props: {
  goesOn: 'same' | 'moved' | 'other'
  hasMoved: boolean
  onMoved: (hasMoved: boolean) => void
}) {
  const id = useId()
  if (props.goesOn === 'same') return null
  if (props.goesOn === 'other') {
    return (
      <p className="field-text">
        It measures something else from now on: that begins a history of its own. What was measured before stays.
      </p>
    )
  }
  return (
    <label className="check" htmlFor={id}>
      <input
        id={id}
        type="checkbox"
        checked={props.hasMoved}
        onChange={(event) => props.onMoved(event.target.checked)}
      />
      <span>
        The same meter at a new address: its history goes on
        <small>Otherwise it begins a history of its own, and what was measured before stays.</small>
      </span>
    </label>
  )
}
