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
            Only if you know why it was renewed: the next test sends the password to whoever answers there.
          </span>
        </p>
      )}
    </div>
  )
}

/** What the meter can tell, to choose from, and its certificate to compare. */
export function Found(props: {
  found: FoundMeter
  chosen: string | null
  isAccepted: boolean
  isKept: boolean
  onChoose: (unit: string) => void
  onAccept: (isYes: boolean) => void
}) {
  const { found, chosen, isAccepted, isKept, onChoose, onAccept } = props
  return (
    <>
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
      {found.certificateSha256 !== null && (
        <Certificate sha256={found.certificateSha256} isAccepted={isAccepted} isKept={isKept} onAccept={onAccept} />
      )}
    </>
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

function Certificate(props: {
  sha256: string
  isAccepted: boolean
  isKept: boolean
  onAccept: (isYes: boolean) => void
}) {
  const id = useId()
  return (
    <div className="grant">
      <p>
        {props.isKept
          ? 'It shows the certificate that was kept for it.'
          : 'No authority vouches for its certificate, as is usual for meters. Compare this fingerprint (SHA-256) with the one that the meter shows:'}
      </p>
      <code className="fingerprint">{fingerprintText(props.sha256)}</code>
      {!props.isKept && (
        <label className="check" htmlFor={id}>
          <input
            id={id}
            type="checkbox"
            checked={props.isAccepted}
            onChange={(event) => props.onAccept(event.target.checked)}
          />
          <span>This is my meter; refuse any other certificate from now on</span>
        </label>
      )}
    </div>
  )
}
