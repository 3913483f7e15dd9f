import { type ReactNode, useState } from 'react'
import { formatAmount, formatEnergy } from '../../../contract/format.ts'
import type { ModelRow } from '../../../contract/models.ts'
import { placeOf } from '../../navigation.ts'
import { EfficiencyFigure, Reason } from '../../parts/efficiency.tsx'
import { Figure } from '../../parts/figure.tsx'
import { LongName } from '../../parts/long-name.tsx'
import { RemoteTag } from '../../parts/remote-tag.tsx'
import { Whisker, whiskerScale } from '../../parts/whisker.tsx'
import { devices, NOT_REPORTED, parametersText } from '../../work-words.ts'
import { type Column, firstOrder, isEnergyKnown, type Order, sortModels } from './sort.ts'

const columns: readonly { readonly by: Column; readonly title: string; readonly className: string }[] = [
  { by: 'tokensPerJ', title: 'Tokens per joule', className: 'col-work-wide' },
  { by: 'jPerToken', title: 'Joules a token', className: 'col-work is-number' },
  { by: 'tokensPerS', title: 'Speed', className: 'col-speed is-number' },
  { by: 'energy', title: 'Energy a day', className: 'col-day is-number' },
  { by: 'idle', title: 'Idle a day', className: 'col-day is-number' },
  { by: 'requests', title: 'Requests', className: 'col-requests is-number' },
]

/** Every model that was seen, sorted by any of its figures. */
export function Leaderboard(props: { rows: readonly ModelRow[]; days: number }) {
  const { rows, days } = props
  const [order, setOrder] = useState<Order>(firstOrder('tokensPerJ'))
  const full = whiskerScale(rows.map((row) => row.tokensPerJ))
  const header = (by: Column, title: string, className: string) => (
    <SortHeader key={by} by={by} title={title} className={className} order={order} onSort={setOrder} />
  )
  return (
    <table className="table work-table leaderboard">
      <caption className="sr-only">Models by tokens per joule and other figures; the heads sort</caption>
      <thead>
        <tr>
          {header('name', 'Model', '')}
          {columns.map(({ by, title, className }) => header(by, title, className))}
        </tr>
      </thead>
      <tbody>
        {sortModels(rows, order).map((row) => (
          <Row key={row.id} row={row} days={days} full={full} />
        ))}
      </tbody>
    </table>
  )
}

function SortHeader(props: {
  by: Column
  title: string
  className: string
  order: Order
  onSort: (order: Order) => void
}) {
  const { by, title, className, order, onSort } = props
  const isSorted = order.by === by
  return (
    <th
      scope="col"
      className={className}
      aria-sort={isSorted ? (order.isDescending ? 'descending' : 'ascending') : undefined}
    >
      <button
        type="button"
        className="sort-button"
        onClick={() => onSort(isSorted ? { by, isDescending: !order.isDescending } : firstOrder(by))}
      >
        {title}
        <span className="sort-mark" aria-hidden="true">
          {isSorted ? (order.isDescending ? '▾' : '▴') : ''}
        </span>
      </button>
    </th>
  )
}

function Row(props: { row: ModelRow; days: number; full: number }) {
  const { row, days, full } = props
  const { value, uncertainty, isEstimate } = row.tokensPerJ
  return (
    <tr data-model={row.id}>
      <th scope="row">
        <ModelName row={row} />
      </th>
      <td className="col-work-wide">
        <span className="work-cell">
          {value === null ? null : (
            <Whisker value={value} uncertainty={uncertainty} full={full} isEstimate={isEstimate} />
          )}
          <EfficiencyFigure of={row.tokensPerJ} unit="tok/J" />
        </span>
      </td>
      <td className="is-number">
        <JoulesEach row={row} />
      </td>
      <td className="is-number">
        {row.tokensPerS === null ? (
          <Reason>{NOT_REPORTED}</Reason>
        ) : (
          <Figure of={{ text: formatAmount(row.tokensPerS), unit: 'tok/s' }} />
        )}
      </td>
      <EnergyCells row={row} days={days} />
      <td className="is-number is-quiet">
        {row.delivered.requests === null ? <Reason>{NOT_REPORTED}</Reason> : formatAmount(row.delivered.requests)}
      </td>
    </tr>
  )
}

/** Of a token, else of an image or a minute of audio. */
function JoulesEach(props: { row: ModelRow }) {
  const { jPerToken, jPerImage, jPerAudioMinute } = props.row
  if (jPerToken.value !== null) return <EfficiencyFigure of={jPerToken} unit="J" hasMargin={false} />
  if (jPerImage.value !== null) return <EfficiencyFigure of={jPerImage} unit="J/image" hasMargin={false} />
  if (jPerAudioMinute.value !== null) return <EfficiencyFigure of={jPerAudioMinute} unit="J/min" hasMargin={false} />
  return <Blank />
}

/** The reason stands once, under tokens per joule. */
function Blank() {
  return (
    <span className="is-quiet">
      <span aria-hidden="true">–</span>
      <span className="sr-only">see tokens per joule</span>
    </span>
  )
}

function EnergyCells(props: { row: ModelRow; days: number }) {
  const { row, days } = props
  if (!isEnergyKnown(row)) {
    return (
      <td className="is-number" colSpan={2}>
        <Reason>{row.isRemote ? 'computed elsewhere' : 'energy unknown here'}</Reason>
      </td>
    )
  }
  const isEstimate = row.estimatedRatio > 0
  return (
    <>
      <td className="is-number">
        <Figure of={formatEnergy(row.energyMj / days)} isEstimate={isEstimate} />
      </td>
      <td className="is-number is-quiet">
        <Figure of={formatEnergy(row.idleMj / days)} isEstimate={isEstimate} />
      </td>
    </>
  )
}

/** Name over what it is: size, quantisation, engine, device. */
export function ModelName(props: { row: ModelRow }): ReactNode {
  const { row } = props
  return (
    <span className="model-name">
      <span className="app-name">
        {row.isLoaded && <span className="loaded-mark" role="img" aria-label="Loaded now" title="Loaded now" />}
        <a className="row-link is-clipped" href={placeOf('models', row.id)} title={row.name}>
          <LongName>{row.name}</LongName>
        </a>
        {row.isRemote && <RemoteTag />}
      </span>
      <span className="model-make is-clipped" title={makeText(row)}>
        {makeText(row)}
      </span>
    </span>
  )
}

/** "8.2 B · Q4_K_M · Ollama · GPU": what is known of it. */
export function makeText(row: Pick<ModelRow, 'app' | 'parameters' | 'quantisation' | 'engine' | 'device'>): string {
  return [
    row.parameters === null ? null : parametersText(row.parameters),
    row.quantisation,
    row.engine ?? row.app,
    row.device === null ? null : devices[row.device],
  ]
    .filter((part) => part !== null)
    .join(' · ')
}
