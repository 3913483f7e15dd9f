import { useState } from 'react'
import { formatCoverage } from '../../contract/format.ts'
import { type Asked, type Output, useContract } from '../client.ts'
import { type Range, RangeChoice, rangeWords, useRange } from '../parts/range.tsx'
import { usePolled } from '../parts/use-polled.ts'
import { Empty, Skeleton, View } from '../parts/view.tsx'
import { AppPage } from './apps/app-page.tsx'
import { AppsTable } from './apps/apps-table.tsx'
import type { PageProps } from './apps/page-props.ts'
import { ServerPage } from './apps/server-page.tsx'
import { AddServerDialog } from './apps/servers/add-server.tsx'
import { ServersBlock } from './apps/servers-block.tsx'
import type { ScreenProps } from './screen.ts'

/** Traffic through a meter and work in flight are told by nobody else. */
const SERVERS_EVERY_MS = 3_000

/** Each AI app over a stretch of time, what it delivered for its energy, and the servers that it runs. */
export function Apps(props: ScreenProps) {
  const { target, onScreen } = props
  const range = useRange()
  const apps = useContract('apps', { fromS: range.fromS, toS: range.toS })
  const servers = usePolled('servers', {}, SERVERS_EVERY_MS, 'serversChanged')
  const page = { range, servers, onScreen }
  if (target === null) return <AppsList apps={apps} {...page} />
  if (/^https?:\/\//.test(target)) return <ServerPage origin={target} {...page} />
  return <AppPage key={target} id={target} apps={apps} {...page} />
}

function AppsList(props: PageProps & { apps: Asked<Output<'apps'>> }) {
  const { apps, servers, range } = props
  const [isAdding, setAdding] = useState(false)
  return (
    <>
      <header className="screen-head">
        <h1>Apps</h1>
        <RangeChoice of={range} />
      </header>
      <View
        of={apps}
        skeleton={<Skeleton heightPx={240} label="Waiting for the apps" />}
        empty={({ rows }) => (rows.length === 0 ? <NoApps range={range} /> : null)}
      >
        {({ rows, coverageRatio }) => (
          <>
            <AppsTable rows={rows} days={range.days} />
            <p className="facts">
              {formatCoverage(coverageRatio)} of {rangeWords(range.id)} is covered by readings.
            </p>
          </>
        )}
      </View>
      <ServersBlock servers={servers} onAdd={() => setAdding(true)} />
      {isAdding && (
        <AddServerDialog
          onClose={() => setAdding(false)}
          onAdded={() => {
            setAdding(false)
            servers.again()
          }}
        />
      )}
    </>
  )
}

function NoApps(props: { range: Range }) {
  return (
    <Empty title={`No AI app drew anything in ${rangeWords(props.range.id)}`}>
      <p>
        Start one (Ollama, LM Studio, a coding agent, ComfyUI, …) and ask it something: its energy and what it delivered
        appear here within a minute.
      </p>
    </Empty>
  )
}
