import type { ReactNode } from 'react'
import { type Figure as FigureParts, formatPlusMinus, formatPower, THIN } from '../../contract/format.ts'
import type { Provenance } from '../../contract/units.ts'

/** A number, its unit at 0.62 of its size, `≈` where it is estimated, and how far it may be off. */
export function Figure(props: {
  of: FigureParts
  size?: 'hero' | 'card' | 'body'
  isEstimate?: boolean
  plusMinus?: string | null
}) {
  const { of: figure, size = 'body', isEstimate = false, plusMinus = null } = props
  const isAbout = isEstimate && figure.text !== '0' && !figure.text.startsWith('<')
  return (
    <span className={`figure figure-${size}`}>
      {isAbout && <span className="figure-about">≈{THIN}</span>}
      {figure.text}
      {figure.unit !== '' && (
        <span className="figure-unit">
          {THIN}
          {figure.unit}
        </span>
      )}
      {plusMinus !== null && <span className="figure-plus-minus"> {plusMinus}</span>}
    </span>
  )
}

/** A power that may be unknown: then a dash with the reason, never a zero. */
export function PowerFigure(props: {
  powerW: number | null
  provenance: Provenance | null
  uncertainty: number | null
  reason?: string | null
  size?: 'hero' | 'card' | 'body'
}) {
  const { powerW, provenance, uncertainty, reason = null, size = 'body' } = props
  if (powerW === null) return <Unknown reason={reason} size={size} />
  return (
    <Figure
      of={formatPower(powerW)}
      size={size}
      isEstimate={provenance === 'estimate'}
      plusMinus={formatPlusMinus(powerW, uncertainty)}
    />
  )
}

export function Unknown(props: { reason?: string | null; size?: 'hero' | 'card' | 'body' }): ReactNode {
  const { reason = null, size = 'body' } = props
  return (
    <span className={`figure figure-${size} figure-unknown`} title={reason ?? undefined}>
      <span aria-hidden="true">–</span>
      <span className="sr-only">not known{reason !== null && `: ${reason}`}</span>
    </span>
  )
}
