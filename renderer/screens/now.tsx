import type { Now as NowFigures } from '../../contract/now.ts'
import { useContract } from '../client.ts'
import { KEEP_S } from '../live/buffer.ts'
import { useLive, useSlots } from '../live/use-live.ts'
import { useNow } from '../now-store.ts'
import { PauseIcon } from '../parts/icons.tsx'
import { OverheadLine } from '../parts/overhead.tsx'
import { Empty, Skeleton, View } from '../parts/view.tsx'
import { AppsTable } from './now/apps-table.tsx'
import { FirstRun } from './now/first-run.tsx'
import { Hero } from './now/hero.tsx'
import { LiveChart } from './now/live-chart.tsx'
import { Notices, setPaused } from './now/notices.tsx'
import { UnnamedProcesses } from './now/unnamed.tsx'
import type { ScreenProps } from './screen.ts'

const STALE_AFTER_MS = 5_000

/** The present: what the machine draws, who draws it, and the last 15 minutes. */
export function Now(props: ScreenProps) {
  const state = useNow()
  const settings = useContract('settings', {}, 'settingsChanged')
  const isPaused = state.now?.state === 'paused'
  const asked = { value: state.now, problem: state.problem, answeredMs: state.answeredMs }
  return (
    <>
      <header className="screen-head">
        <h1>Now</h1>
        {state.now !== null && !isPaused && (
          <button type="button" className="button" onClick={() => void setPaused(true)}>
            <PauseIcon />
            Pause
          </button>
        )}
      </header>
      <View of={asked} skeleton={<NowSkeleton />} {...(!isPaused && { staleAfterMs: STALE_AFTER_MS })}>
        {(now) => (
          <>
            <Notices now={now} onScreen={props.onScreen} />
            <Present now={now} price={settings.value} highlighted={props.target} />
            {settings.value?.firstRunDone === false && <FirstRun now={now} />}
          </>
        )}
      </View>
    </>
  )
}

function Present(props: {
  now: NowFigures
  price: { pricePerKwh: number | null; currency: string } | null
  highlighted: string | null
}) {
  const { now, price, highlighted } = props
  const { live } = useLive(now, KEEP_S)
  const slots = useSlots(now, live)
  if (now.state === 'warming') {
    return (
      <Empty title="The first figure is a moment away">
        <p>Power is the difference between two readings; the second one is on its way.</p>
      </Empty>
    )
  }
  return (
    <>
      <Hero now={now} price={price} />
      <OverheadLine overhead={now.overhead} />
      {live !== null && live.at.length > 0 && (
        <LiveChart live={live} slots={slots} uncertainty={now.machine.uncertainty} />
      )}
      {now.apps.length > 0 && <AppsTable now={now} slots={slots} highlighted={highlighted} />}
      {now.apps.every((app) => app.isSelf) && (
        <Empty title="No AI app is running">
          <p>
            Start one (Ollama, LM Studio, a coding agent, ComfyUI, …) and it appears here within seconds, with its watts
            and what it is doing. A busy program that the catalogue does not know is offered below, to be named.
          </p>
        </Empty>
      )}
      <UnnamedProcesses atS={now.at} />
    </>
  )
}

function NowSkeleton() {
  return (
    <>
      <Skeleton heightPx={108} label="Waiting for the engine’s figures" />
      <Skeleton heightPx={216} />
      <Skeleton heightPx={160} />
    </>
  )
}
