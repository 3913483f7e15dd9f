import { figureText, formatPower, formatRatio } from '../../../contract/format.ts'
import type { Now } from '../../../contract/now.ts'
import { provenances } from '../../words.ts'

/** Where the machine's watts come from: its domains, each with how it is known. */
export function MachineProvenance(props: { now: Now }) {
  const { machine, domains } = props.now
  const roots = domains.filter((domain) => domain.parent === null)
  return (
    <>
      <p>
        Everything this machine draws that Perwatt can see
        {machine.provenance !== null && <>, {provenances[machine.provenance]}</>}.
      </p>
      {roots.length > 0 && (
        <dl className="tooltip-list">
          {roots.map((domain) => (
            <div key={domain.id}>
              <dt>{domain.name}</dt>
              <dd>
                {domain.powerW === null ? (domain.reason ?? 'no figure') : figureText(formatPower(domain.powerW))}
                {domain.provenance !== null && <small>{provenances[domain.provenance]}</small>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <Margin uncertainty={machine.uncertainty} />
    </>
  )
}

export function AiProvenance(props: { now: Now }) {
  const { machine } = props.now
  return (
    <>
      <p>
        The apps in the table below, added up: what they draw above the machine’s floor, shared by CPU and GPU time.
        {machine.estimatedRatio > 0 && ` ${formatRatio(machine.estimatedRatio)} of it rests on an estimate.`}
      </p>
      <Margin uncertainty={machine.aiUncertainty} />
    </>
  )
}

export function IdleProvenance(props: { now: Now }) {
  const { idlePowerW, otherPowerW } = props.now.machine
  return (
    <>
      <p>The floor: what this machine draws when nothing works. No app is charged for it.</p>
      <dl className="tooltip-list">
        <Row name="Floor" powerW={idlePowerW} />
        <Row name="Other: not AI, not idle" powerW={otherPowerW} />
      </dl>
    </>
  )
}

function Row(props: { name: string; powerW: number | null }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.powerW === null ? 'not known' : figureText(formatPower(props.powerW))}</dd>
    </div>
  )
}

function Margin(props: { uncertainty: number | null }) {
  if (props.uncertainty === null) return null
  return <p>± {formatRatio(props.uncertainty)}: the true figure lies within it 19 times out of 20.</p>
}
