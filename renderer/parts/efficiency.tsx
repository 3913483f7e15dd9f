import { formatAmount, formatAmountPlusMinus } from '../../contract/format.ts'
import type { Delivered, Efficiency } from '../../contract/models.ts'
import { NOT_REPORTED, outputFigures } from '../work-words.ts'
import { Figure } from './figure.tsx'

/** A ratio with its margin; where there is none, the reason in words and never a number. */
export function EfficiencyFigure(props: { of: Efficiency; unit: string; size?: 'card' | 'body'; hasMargin?: boolean }) {
  const { of: efficiency, unit, size = 'body', hasMargin = true } = props
  if (efficiency.value === null) return <Reason>{efficiency.reason ?? 'not known'}</Reason>
  // 2 670 J an image are 2.67 kJ, not 2.67 k J.
  const isKilo = unit.startsWith('J') && efficiency.value >= 999.5
  const value = isKilo ? efficiency.value / 1_000 : efficiency.value
  return (
    <Figure
      of={{ text: formatAmount(value), unit: isKilo ? `k${unit}` : unit }}
      size={size}
      isEstimate={efficiency.isEstimate}
      plusMinus={hasMargin ? (formatAmountPlusMinus(value, efficiency.uncertainty) ?? '') : null}
    />
  )
}

/** Why there is no figure. */
export function Reason(props: { children: string }) {
  return <span className="reason">{props.children}</span>
}

/** What was delivered: at most `shown` kinds of it, "not reported" where nobody counted. */
export function OutputFigures(props: { of: Delivered; shown: number; size?: 'card' | 'body' }) {
  const { of: delivered, shown, size = 'body' } = props
  const figures = outputFigures(delivered)
  if (figures.length === 0) return <Reason>{NOT_REPORTED}</Reason>
  return figures.slice(0, shown).map((figure, index) => (
    <span key={figure.unit}>
      {index > 0 && ', '}
      <Figure of={figure} isEstimate={figure.isEstimate} size={size} />
    </span>
  ))
}
