import { formatRatio } from '../../../contract/format.ts'
import type { AppRow } from '../../../contract/models.ts'
import { type Asked, type Output, useContract } from '../../client.ts'
import { useNow } from '../../now-store.ts'
import { EfficiencyFigure, OutputFigures } from '../../parts/efficiency.tsx'
import { Unknown } from '../../parts/figure.tsx'
import { FigureCell, Figures, PageHead } from '../../parts/page-head.tsx'
import { RangeChoice, rangeWords } from '../../parts/range.tsx'
import { RemoteTag } from '../../parts/remote-tag.tsx'
import { Trend, trendWords } from '../../parts/trend.tsx'
import { Empty, Skeleton, View } from '../../parts/view.tsx'
import { provenances } from '../../words.ts'
import { efficiencyOf, outputFigures } from '../../work-words.ts'
import { AppModels } from './app-models.tsx'
import { Energy } from './apps-table.tsx'
import type { PageProps } from './page-props.ts'
import { Recognition } from './recognition.tsx'
import { ServerCard } from './servers/server-card.tsx'

const TREND_PX = 72

/** One app: its figures, models, servers, and how its processes are recognised. */
export function AppPage(props: PageProps & { id: string; apps: Asked<Output<'apps'>> }) {
  const { id, apps, servers, range } = props
  const { now } = useNow()
  const catalogue = useContract('catalogue', {}, 'settingsChanged')
  const running = now?.apps.find((app) => app.id === id) ?? null
  const known = catalogue.value?.apps.find((app) => app.id === id) ?? null
  const row = apps.value?.rows.find((app) => app.id === id) ?? null
  const own = servers.value?.servers.filter(({ app }) => app === id) ?? []
  const isLocal = row?.local ?? running?.local ?? known?.local ?? true
  return (
    <>
      <PageHead
        back="apps"
        backTitle="Apps"
        title={row?.name ?? running?.name ?? known?.name ?? own[0]?.name ?? id}
        tags={!isLocal && <RemoteTag />}
      >
        <RangeChoice of={range} />
      </PageHead>
      <View of={apps} skeleton={<Skeleton heightPx={180} label="Waiting for its figures" />}>
        {() => (row === null ? <Nothing range={rangeWords(range.id)} /> : <AppFigures row={row} days={range.days} />)}
      </View>
      <AppModels app={id} range={range} />
      {own.length > 0 && (
        <section className="block" aria-labelledby="servers-title">
          <h2 id="servers-title">{own.length === 1 ? 'Its server' : 'Its servers'}</h2>
          <View of={servers} skeleton={null}>
            {() => (
              <ul className="cards">
                {own.map((server) => (
                  <ServerCard key={server.id} server={server} onChanged={servers.again} />
                ))}
              </ul>
            )}
          </View>
        </section>
      )}
      <Recognition id={id} known={known} running={running} asked={catalogue} />
    </>
  )
}

function Nothing(props: { range: string }) {
  return (
    <Empty title={`Nothing in ${props.range}`}>
      <p>It neither drew nor delivered anything that was seen. Start it, or choose a longer time above.</p>
    </Empty>
  )
}

function AppFigures(props: { row: AppRow; days: number }) {
  const { row, days } = props
  const efficiency = efficiencyOf(row)
  const more = outputFigures(row.delivered)
    .slice(1)
    .map(({ text, unit }) => `${text} ${unit}`)
    .join(', ')
  return (
    <>
      <Figures label="Energy and output">
        <FigureCell
          label="Energy"
          foot={row.provenance === null ? 'Not measured' : sentenceCase(provenances[row.provenance])}
        >
          <Energy row={row} size="card" />
        </FigureCell>
        <FigureCell label="Output" foot={more}>
          <OutputFigures of={row.delivered} shown={1} size="card" />
        </FigureCell>
        <FigureCell label="Idle share" foot="While it delivered nothing">
          {row.idleRatio === null ? (
            <Unknown reason="nothing was measured" size="card" />
          ) : (
            <span className="figure figure-card">{formatRatio(row.idleRatio)}</span>
          )}
        </FigureCell>
        <FigureCell label="Work per energy" foot={inverseText(row)}>
          <EfficiencyFigure {...efficiency} size="card" />
        </FigureCell>
      </Figures>
      <div>
        <Trend trendMj={row.trendMj} days={days} heightPx={TREND_PX} />
        <p className="trend-words" aria-hidden="true">
          {trendWords(row.trendMj, days)}
        </p>
      </div>
    </>
  )
}

function inverseText({ jPerToken }: AppRow): string {
  return jPerToken.value === null ? '' : `${jPerToken.value.toPrecision(2)} J a token`
}

export function sentenceCase(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
