import type { ReactNode } from 'react'
import { mjToKwh } from '../../../contract/conversions.ts'
import { formatCoverage, formatEnergy, formatMoney, formatRatio } from '../../../contract/format.ts'
import type { Now } from '../../../contract/now.ts'
import type { Settings } from '../../../contract/settings.ts'
import { Figure, PowerFigure } from '../../parts/figure.tsx'
import { Explain } from '../../parts/tooltip.tsx'
import { AiProvenance, IdleProvenance, MachineProvenance } from './provenance.tsx'

type Price = Pick<Settings, 'pricePerKwh' | 'currency'> | null

/** The four figures of the moment and of the day; each says where it comes from. */
export function Hero(props: { now: Now; price: Price }) {
  const { now, price } = props
  const { machine } = now
  const share = machine.powerW && machine.aiPowerW !== null ? machine.aiPowerW / machine.powerW : null
  return (
    <section className="hero" aria-label="Power now and energy today">
      <Cell label="Machine" explain={<MachineProvenance now={now} />} foot={machineFoot(now)}>
        <PowerFigure size="hero" {...machine} />
      </Cell>
      <Cell
        label="AI"
        isAccent
        explain={<AiProvenance now={now} />}
        foot={share === null ? ' ' : `${formatRatio(Math.min(1, share))} of the machine`}
      >
        <PowerFigure
          size="hero"
          powerW={machine.aiPowerW}
          provenance={machine.provenance}
          uncertainty={machine.aiUncertainty}
          reason={machine.reason}
        />
      </Cell>
      <Cell label="Idle" explain={<IdleProvenance now={now} />} foot="The machine’s own floor">
        <PowerFigure
          size="hero"
          powerW={machine.idlePowerW}
          provenance={machine.provenance}
          uncertainty={null}
          reason={machine.reason}
        />
      </Cell>
      <Today now={now} price={price} />
    </section>
  )
}

function Today(props: { now: Now; price: Price }) {
  const { today, machine } = props.now
  const cost = (energyMj: number) =>
    props.price?.pricePerKwh == null
      ? null
      : formatMoney(mjToKwh(energyMj) * props.price.pricePerKwh, props.price.currency)
  const aiCost = cost(today.aiMj)
  return (
    <Cell
      label="AI today"
      explain={
        <>
          <p>Energy of all AI apps since midnight, from the ledger.</p>
          <dl className="tooltip-list">
            <div>
              <dt>Whole machine</dt>
              <dd>
                <Figure of={formatEnergy(today.measuredMj)} />
                {cost(today.measuredMj) !== null && <small>{cost(today.measuredMj)}</small>}
              </dd>
            </div>
            <div>
              <dt>Of the day so far seen</dt>
              <dd>{formatCoverage(today.coverageRatio)}</dd>
            </div>
          </dl>
        </>
      }
      foot={aiCost ?? `${formatCoverage(today.coverageRatio)} of the day seen`}
    >
      <Figure size="hero" of={formatEnergy(today.aiMj)} isEstimate={machine.provenance === 'estimate'} />
    </Cell>
  )
}

function machineFoot(now: Now): string {
  if (now.machine.powerW === null) return now.machine.reason ?? 'No figure'
  if (now.machine.provenance === 'estimate') return 'Estimated from load'
  if (now.machine.estimatedRatio > 0) return `Measured, ${formatRatio(now.machine.estimatedRatio)} estimated`
  return 'Measured'
}

function Cell(props: { label: string; isAccent?: boolean; explain: ReactNode; foot: string; children: ReactNode }) {
  return (
    <div className={props.isAccent ? 'hero-cell is-accent' : 'hero-cell'}>
      <Explain content={props.explain}>
        <span className="hero-label">{props.label}</span>
        {props.children}
      </Explain>
      <span className="hero-foot">{props.foot}</span>
    </div>
  )
}
