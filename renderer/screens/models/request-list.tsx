import { formatAmount, formatEnergy, formatEnergyPlusMinus } from '../../../contract/format.ts'
import type { RequestRow } from '../../../contract/models.ts'
import { Reason } from '../../parts/efficiency.tsx'
import { Figure } from '../../parts/figure.tsx'
import { durationText, NOT_REPORTED, requestStates, tokenMarks } from '../../work-words.ts'

/** The newest requests, a line each. */
export function RequestList(props: { rows: readonly RequestRow[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section className="wide-table" tabIndex={0} aria-label="Newest requests">
      <table className="table request-table">
        <caption className="sr-only">Newest requests</caption>
        <thead>
          <tr>
            <th scope="col" className="col-time">
              Time
            </th>
            <th scope="col">User</th>
            <th scope="col" className="col-client">
              Client
            </th>
            <th scope="col" className="col-endpoint">
              Endpoint
            </th>
            <th scope="col" className="col-tokens is-number">
              Prompt
            </th>
            <th scope="col" className="col-tokens is-number">
              Output
            </th>
            <th scope="col" className="col-wait is-number">
              First token
            </th>
            <th scope="col" className="col-wait is-number">
              Duration
            </th>
            <th scope="col" className="col-joules is-number">
              Energy
            </th>
            <th scope="col" className="col-status">
              Status
            </th>
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <Row key={row.id} row={row} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Row(props: { row: RequestRow }) {
  const { row } = props
  return (
    <tr data-request={row.id}>
      <th scope="row">{requestTime(row.beganMs)}</th>
      <td className="is-clipped" title={row.userName ?? undefined}>
        {row.userName ?? <Reason>not known</Reason>}
      </td>
      <td className="col-client is-quiet is-clipped" title={row.client ?? undefined}>
        {row.client ?? <Reason>not known</Reason>}
      </td>
      <td className="is-quiet is-clipped" title={row.endpoint}>
        {row.endpoint}
      </td>
      <td className="is-number">
        <Tokens of={row.promptTokens} mark={row.tokensProvenance} />
      </td>
      <td className="is-number">
        <Tokens of={row.completionTokens} mark={row.tokensProvenance} />
      </td>
      <td className="is-number is-quiet">{row.ttftMs === null ? <Reason>none</Reason> : durationText(row.ttftMs)}</td>
      <td className="is-number is-quiet">{durationText(row.durationMs)}</td>
      <td className="is-number">
        <Energy row={row} />
      </td>
      <td className={row.status === 'done' ? 'is-quiet' : 'is-amiss'}>{statusText(row)}</td>
    </tr>
  )
}

/** `≈` before what was not counted by the server itself; how it was, on hover. */
function Tokens(props: { of: number | null; mark: RequestRow['tokensProvenance'] }) {
  const { of: tokens, mark } = props
  if (tokens === null) return <Reason>{NOT_REPORTED}</Reason>
  return (
    <span title={tokenMarks[mark]}>
      <Figure of={{ text: formatAmount(tokens), unit: 'tok' }} isEstimate={mark === 'derived' || mark === 'estimate'} />
    </span>
  )
}

function Energy(props: { row: RequestRow }) {
  const { energyMj, uncertainty, provenance, isRemote } = props.row
  if (energyMj === null) return <Reason>{isRemote ? 'computed elsewhere' : 'unknown here'}</Reason>
  return (
    <Figure
      of={formatEnergy(energyMj)}
      isEstimate={provenance === 'estimate'}
      plusMinus={formatEnergyPlusMinus(energyMj, uncertainty)}
    />
  )
}

export function statusText({ status, httpStatus }: Pick<RequestRow, 'status' | 'httpStatus'>): string {
  return status === 'failed' && httpStatus !== null ? `${requestStates[status]}, ${httpStatus}` : requestStates[status]
}

const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const timeOfDay = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** Local time; the day too where it was not today. */
export function requestTime(atMs: number, nowMs = Date.now()): string {
  const isToday = new Date(atMs).toDateString() === new Date(nowMs).toDateString()
  return (isToday ? timeOfDay : dayAndTime).format(atMs)
}
