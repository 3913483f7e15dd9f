import { formatAmount } from '../../../contract/format.ts'
import { EfficiencyFigure, Reason } from '../../parts/efficiency.tsx'
import { Figure } from '../../parts/figure.tsx'
import { Whisker, whiskerScale } from '../../parts/whisker.tsx'
import { NOT_REPORTED } from '../../work-words.ts'
import { ModelName } from './leaderboard.tsx'
import { type Variants, wayOf } from './variants.ts'

/** The same model in several ways to run it. Nothing where each ran in one way only. */
export function SideBySide(props: { groups: readonly Variants[] }) {
  if (props.groups.length === 0) return null
  return (
    <section className="block" aria-labelledby="side-title">
      <h2 id="side-title">Side by side</h2>
      <p className="facts">Models of one family and size, by quantisation, engine and device.</p>
      {props.groups.map((group) => (
        <Group key={group.key} group={group} />
      ))}
    </section>
  )
}

export function Group(props: { group: Variants }) {
  const { group } = props
  const full = whiskerScale(group.rows.map((row) => row.tokensPerJ))
  return (
    <div className="variants" data-group={group.key}>
      <h3>{group.title}</h3>
      <table className="table work-table">
        <caption className="sr-only">
          {group.title}: tokens per joule by way of running it, with intervals at 95 %
        </caption>
        <thead>
          <tr>
            <th scope="col" className="col-way">
              Differs by
            </th>
            <th scope="col">Model</th>
            <th scope="col" className="col-whisker">
              Tokens per joule, 95 %
            </th>
            <th scope="col" className="col-work is-number">
              <span className="sr-only">Tokens per joule</span>
            </th>
            <th scope="col" className="col-speed is-number">
              Speed
            </th>
            <th scope="col" className="col-requests is-number">
              Requests
            </th>
          </tr>
        </thead>
        <tbody>
          {group.rows.map((row) => (
            <tr key={row.id}>
              <th scope="row" className="is-clipped" title={wayOf(row, group.rows)}>
                {wayOf(row, group.rows)}
              </th>
              <td>
                <ModelName row={row} />
              </td>
              <td>
                <Whisker
                  value={row.tokensPerJ.value}
                  uncertainty={row.tokensPerJ.uncertainty}
                  full={full}
                  isEstimate={row.tokensPerJ.isEstimate}
                />
              </td>
              <td className="col-work is-number">
                <EfficiencyFigure of={row.tokensPerJ} unit="tok/J" />
              </td>
              <td className="is-number">
                {row.tokensPerS === null ? (
                  <Reason>{NOT_REPORTED}</Reason>
                ) : (
                  <Figure of={{ text: formatAmount(row.tokensPerS), unit: 'tok/s' }} />
                )}
              </td>
              <td className="is-number is-quiet">
                {row.delivered.requests === null ? (
                  <Reason>{NOT_REPORTED}</Reason>
                ) : (
                  formatAmount(row.delivered.requests)
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="row-text">{group.verdict}</p>
    </div>
  )
}
