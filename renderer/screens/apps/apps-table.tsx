import { formatEnergy, formatEnergyPlusMinus, formatRatio } from '../../../contract/format.ts'
import type { AppRow } from '../../../contract/models.ts'
import { placeOf } from '../../navigation.ts'
import { EfficiencyFigure, OutputFigures } from '../../parts/efficiency.tsx'
import { Figure, Unknown } from '../../parts/figure.tsx'
import { RemoteTag } from '../../parts/remote-tag.tsx'
import { Trend } from '../../parts/trend.tsx'
import { categoryName } from '../../words.ts'
import { efficiencyOf } from '../../work-words.ts'

const TREND_PX = 20

/** Apps of a stretch of time, the heaviest first; each name leads to its page. */
export function AppsTable(props: { rows: readonly AppRow[]; days: number }) {
  return (
    <table className="table work-table">
      <caption className="sr-only">AI apps, by energy</caption>
      <thead>
        <tr>
          <th scope="col">App</th>
          <th scope="col" className="col-kind">
            Category
          </th>
          <th scope="col" className="col-energy is-number">
            Energy
          </th>
          <th scope="col" className="col-output is-number">
            Output
          </th>
          <th scope="col" className="col-ratio is-number">
            Idle
          </th>
          <th scope="col" className="col-work is-number">
            Work per energy
          </th>
          <th scope="col" className="col-trend">
            Trend
          </th>
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <Row key={row.id} row={row} days={props.days} />
        ))}
      </tbody>
    </table>
  )
}

function Row(props: { row: AppRow; days: number }) {
  const { row, days } = props
  const efficiency = efficiencyOf(row)
  return (
    <tr data-app={row.id}>
      <th scope="row">
        <span className="app-name">
          <a className="row-link is-clipped" href={placeOf('apps', row.id)} title={row.name}>
            {row.name}
          </a>
          {!row.local && <RemoteTag />}
          {!row.countsAsAi && <span className="tag">not counted as AI</span>}
        </span>
      </th>
      <td className="col-kind is-quiet is-clipped">{categoryName(row.category)}</td>
      <td className="is-number">
        <Energy row={row} />
      </td>
      <td className="is-number">
        <OutputFigures of={row.delivered} shown={1} />
      </td>
      <td className="is-number is-quiet">
        {row.idleRatio === null ? <Unknown reason="nothing was measured" /> : formatRatio(row.idleRatio)}
      </td>
      <td className="col-work is-number">
        <EfficiencyFigure {...efficiency} />
      </td>
      <td className="col-trend">
        <Trend trendMj={row.trendMj} days={days} heightPx={TREND_PX} />
      </td>
    </tr>
  )
}

/** An app without provenance drew nothing that was measured: unknown, not 0. */
export function Energy(props: {
  row: Pick<AppRow, 'energyMj' | 'uncertainty' | 'provenance' | 'estimatedRatio'>
  size?: 'hero' | 'card' | 'body'
}) {
  const { energyMj, uncertainty, provenance, estimatedRatio } = props.row
  if (provenance === null && energyMj === 0) return <Unknown reason="nothing was measured" {...sizeOf(props.size)} />
  return (
    <Figure
      of={formatEnergy(energyMj)}
      isEstimate={estimatedRatio > 0}
      plusMinus={formatEnergyPlusMinus(energyMj, uncertainty) ?? ''}
      {...sizeOf(props.size)}
    />
  )
}

function sizeOf(size: 'hero' | 'card' | 'body' | undefined) {
  return size === undefined ? {} : { size }
}
