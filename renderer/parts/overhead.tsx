import type { Now } from '../../contract/now.ts'
import { PowerFigure } from './figure.tsx'
import { Explain } from './tooltip.tsx'

/** What a meter of the whole machine shows beyond the sum: a line beside it, never in it. Nothing where there is no such meter. */
export function OverheadLine(props: { overhead: Now['overhead'] }) {
  const { overhead } = props
  if (overhead === null) return null
  const { meterName, powerW, provenance, uncertainty, reason } = overhead
  const what = overhead.meter.startsWith('battery/') ? 'Display, board, fans, losses' : 'PSU, fans, board, display'
  return (
    <p className="overhead">
      <span>{what}</span>
      <Explain content={<OverheadProvenance overhead={overhead} />}>
        <PowerFigure powerW={powerW} provenance={provenance} uncertainty={uncertainty} reason={reason} />
      </Explain>
      <span className="overhead-note">{powerW === null ? reason : `beside the sum, by ${meterName}`}</span>
    </p>
  )
}

function OverheadProvenance(props: { overhead: NonNullable<Now['overhead']> }) {
  const { meterName, powerW } = props.overhead
  return (
    <>
      <p>
        What {meterName} showed in the last minute or more, less what is measured by part in the same time. It is in no
        sum: no app is charged for it unless Settings say so.
      </p>
      {powerW !== null && powerW < 0 && (
        <p>It is below nothing: the meter shows less than the parts together, so one of them is wrong.</p>
      )}
    </>
  )
}
