import { formatEnergy, formatEnergyPlusMinus } from '../../../contract/format.ts'
import type { ModelRow } from '../../../contract/models.ts'
import { useContract } from '../../client.ts'
import { placeOf } from '../../navigation.ts'
import { EfficiencyFigure, OutputFigures } from '../../parts/efficiency.tsx'
import { Figure } from '../../parts/figure.tsx'
import { LongName } from '../../parts/long-name.tsx'
import type { Range } from '../../parts/range.tsx'

/** The models of one app; nothing where it has none. */
export function AppModels(props: { app: string; range: Range }) {
  const { app, range } = props
  const asked = useContract('models', { fromS: range.fromS, toS: range.toS })
  const rows = asked.value?.rows.filter((row) => row.app === app) ?? []
  if (rows.length === 0) return null
  return (
    <section className="block" aria-labelledby="models-title">
      <h2 id="models-title">Its models</h2>
      <ModelsOfApp rows={rows} />
    </section>
  )
}

export function ModelsOfApp(props: { rows: readonly ModelRow[] }) {
  return (
    <table className="table work-table">
      <caption className="sr-only">Models of this app, by energy</caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col" className="col-energy is-number">
            Energy
          </th>
          <th scope="col" className="col-output is-number">
            Output
          </th>
          <th scope="col" className="col-work is-number">
            Tokens per joule
          </th>
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <tr key={row.id}>
            <th scope="row" className="is-clipped">
              <a className="row-link" href={placeOf('models', row.id)} title={row.name}>
                <LongName>{row.name}</LongName>
              </a>
            </th>
            <td className="is-number">
              <Figure
                of={formatEnergy(row.energyMj)}
                isEstimate={row.estimatedRatio > 0}
                plusMinus={formatEnergyPlusMinus(row.energyMj, row.uncertainty) ?? ''}
              />
            </td>
            <td className="is-number">
              <OutputFigures of={row.delivered} shown={1} />
            </td>
            <td className="col-work is-number">
              <EfficiencyFigure of={row.tokensPerJ} unit="tok/J" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
