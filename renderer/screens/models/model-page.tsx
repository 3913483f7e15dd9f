import { figureText, formatAmount, formatEnergy } from '../../../contract/format.ts'
import type { ModelRow } from '../../../contract/models.ts'
import type { Asked, Output } from '../../client.ts'
import { EfficiencyFigure, OutputFigures, Reason } from '../../parts/efficiency.tsx'
import { Figure } from '../../parts/figure.tsx'
import { FigureCell, Figures, PageHead } from '../../parts/page-head.tsx'
import { daysOf, type Range, RangeChoice, rangeWords } from '../../parts/range.tsx'
import { RemoteTag } from '../../parts/remote-tag.tsx'
import { Empty, Skeleton, View } from '../../parts/view.tsx'
import { durationText, NOT_REPORTED } from '../../work-words.ts'
import { makeText } from './leaderboard.tsx'
import { Requests } from './requests.tsx'
import { isEnergyKnown } from './sort.ts'

/** One model: its figures, and its requests as dots and as a list. */
export function ModelPage(props: { id: string; models: Asked<Output<'models'>>; range: Range }) {
  const { id, models, range } = props
  const row = models.value?.rows.find((model) => model.id === id) ?? null
  return (
    <>
      <PageHead
        back="models"
        backTitle="Models"
        title={row?.name ?? id.split('/').slice(1).join('/')}
        tags={row?.isRemote === true && <RemoteTag />}
      >
        <RangeChoice of={range} />
      </PageHead>
      <View of={models} skeleton={<Skeleton heightPx={120} label="Waiting for its figures" />}>
        {(answer) => (row === null ? <Nothing range={range} /> : <ModelFigures row={row} days={daysOf(answer)} />)}
      </View>
      <Requests model={id} range={range} />
    </>
  )
}

function Nothing(props: { range: Range }) {
  return (
    <Empty title={`Nothing in ${rangeWords(props.range.id)}`}>
      <p>It neither drew nor delivered anything that was seen. Ask it something, or choose a longer time above.</p>
    </Empty>
  )
}

function ModelFigures(props: { row: ModelRow; days: number }) {
  const { row, days } = props
  return (
    <>
      <p className="facts">
        {makeText(row)}
        {row.isLoaded && ' · loaded now'}
      </p>
      <Figures label="What it delivers for its energy">
        <MainCell row={row} />
        <FigureCell
          label="Speed"
          foot={row.ttftMs === null ? 'First token: not reported' : `First token after ${durationText(row.ttftMs)}`}
        >
          {row.tokensPerS === null ? (
            <Reason>{NOT_REPORTED}</Reason>
          ) : (
            <Figure of={{ text: formatAmount(row.tokensPerS), unit: 'tok/s' }} size="card" />
          )}
        </FigureCell>
        <FigureCell label="Energy a day" foot={energyFoot(row, days)}>
          {isEnergyKnown(row) ? (
            <Figure of={formatEnergy(row.energyMj / days)} size="card" isEstimate={row.estimatedRatio > 0} />
          ) : (
            <Reason>{row.isRemote ? 'computed elsewhere' : 'energy unknown here'}</Reason>
          )}
        </FigureCell>
        {row.remoteEstimate !== null && <Elsewhere of={row.remoteEstimate} />}
        <FigureCell label="Output" foot={outputFoot(row)}>
          <OutputFigures of={row.delivered} shown={1} size="card" />
        </FigureCell>
      </Figures>
    </>
  )
}

/** By published figures, and never beside what is measured here. */
function Elsewhere(props: { of: NonNullable<ModelRow['remoteEstimate']> }) {
  const { energyMj, lowMj, highMj, asOf } = props.of
  const band = `${figureText(formatEnergy(lowMj))} to ${figureText(formatEnergy(highMj))}, published figures of ${asOf}`
  return (
    <FigureCell label="Where it was computed" foot={band}>
      <Figure of={formatEnergy(energyMj)} size="card" isEstimate />
    </FigureCell>
  )
}

/** Tokens per joule; of a model that makes images or hears audio, the joules of one. */
function MainCell(props: { row: ModelRow }) {
  const { tokensPerJ, jPerToken, jPerImage, jPerAudioMinute } = props.row
  if (tokensPerJ.value === null && jPerImage.value !== null) {
    return (
      <FigureCell label="An image">
        <EfficiencyFigure of={jPerImage} unit="J" size="card" />
      </FigureCell>
    )
  }
  if (tokensPerJ.value === null && jPerAudioMinute.value !== null) {
    return (
      <FigureCell label="A minute of audio">
        <EfficiencyFigure of={jPerAudioMinute} unit="J" size="card" />
      </FigureCell>
    )
  }
  const foot = jPerToken.value === null ? '' : `${formatAmount(jPerToken.value)} J a token`
  return (
    <FigureCell label="Tokens per joule" foot={foot}>
      <EfficiencyFigure of={tokensPerJ} unit="tok/J" size="card" />
    </FigureCell>
  )
}

function energyFoot(row: ModelRow, days: number): string {
  if (!isEnergyKnown(row)) return ''
  const load = row.loadMj === 0 ? '' : `, loading ${figureText(formatEnergy(row.loadMj / days))}`
  return `Idle ${figureText(formatEnergy(row.idleMj / days))}${load}`
}

function outputFoot({ delivered, whPerRequest }: ModelRow): string {
  if (delivered.requests === null) return 'Requests: not reported'
  const each =
    whPerRequest.value === null ? '' : `, ${figureText(formatEnergy(Math.round(whPerRequest.value * 3_600_000)))} each`
  return `${formatAmount(delivered.requests)} requests${each}`
}
