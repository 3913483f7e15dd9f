import { formatCoverage } from '../../contract/format.ts'
import { useContract } from '../client.ts'
import { daysOf, type Range, RangeChoice, rangeWords, useRange } from '../parts/range.tsx'
import { Empty, Skeleton, View } from '../parts/view.tsx'
import { Leaderboard } from './models/leaderboard.tsx'
import { ModelPage } from './models/model-page.tsx'
import { SideBySide } from './models/side-by-side.tsx'
import { variantsOf } from './models/variants.ts'
import type { ScreenProps } from './screen.ts'

/** Which model delivers most per joule, and the same model at several quantisations, engines and devices side by side. */
export function Models(props: ScreenProps) {
  const { target } = props
  const range = useRange()
  const models = useContract('models', { fromS: range.fromS, toS: range.toS }, 'serversChanged')
  if (target !== null) return <ModelPage key={target} id={target} models={models} range={range} />
  return (
    <>
      <header className="screen-head">
        <h1>Models</h1>
        <RangeChoice of={range} />
      </header>
      <View
        of={models}
        skeleton={<Skeleton heightPx={280} label="Waiting for the models" />}
        empty={({ rows }) => (rows.length === 0 ? <NoModels range={range} /> : null)}
      >
        {({ rows, coverageRatio, ...hours }) => (
          <>
            <Leaderboard rows={rows} days={daysOf(hours)} />
            <p className="facts">
              {formatCoverage(coverageRatio)} of {rangeWords(range.id)} is covered by readings.
            </p>
            <SideBySide groups={variantsOf(rows)} />
          </>
        )}
      </View>
    </>
  )
}

function NoModels(props: { range: Range }) {
  return (
    <Empty title={`No model was seen in ${rangeWords(props.range.id)}`}>
      <p>
        Load one in Ollama, LM Studio, llama.cpp or another server and ask it something: it appears here with its tokens
        per joule. Servers that keep no totals (Ollama, LM Studio) are counted by the meter, which each server on{' '}
        <a href="#apps">Apps</a> has a switch for.
      </p>
    </Empty>
  )
}
