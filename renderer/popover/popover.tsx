import { useEffect } from 'react'
import { mjToKwh } from '../../contract/conversions.ts'
import { formatCoverage, formatEnergy, formatMoney } from '../../contract/format.ts'
import type { Now } from '../../contract/now.ts'
import { call, useContract } from '../client.ts'
import { EngineBanner } from '../engine-banner.tsx'
import { useAppInfo } from '../engine-state.ts'
import { useLive } from '../live/use-live.ts'
import { useNow } from '../now-store.ts'
import { Figure, PowerFigure } from '../parts/figure.tsx'
import { PauseIcon, ResumeIcon, SettingsIcon } from '../parts/icons.tsx'
import { Explain } from '../parts/tooltip.tsx'
import { Skeleton, View } from '../parts/view.tsx'
import { setPaused } from '../screens/now/notices.tsx'
import { AiProvenance, MachineProvenance } from '../screens/now/provenance.tsx'
import { chooseTheme } from '../theme.ts'
import { AppList } from './app-list.tsx'
import { Sparkline } from './sparkline.tsx'

const SPARKLINE_S = 600
const STALE_AFTER_MS = 5_000

/** One glance: watts of machine and AI, who draws them, today. */
export function Popover() {
  const state = useNow()
  const settings = useContract('settings', {}, 'settingsChanged')
  const { engine } = useAppInfo()
  const theme = settings.value?.theme
  useEffect(() => {
    if (theme !== undefined) chooseTheme(theme)
  }, [theme])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') void call('hidePopover', {})
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  const isPaused = state.now?.state === 'paused'
  return (
    <main className="popover">
      <h1 className="sr-only">Perwatt at a glance</h1>
      <EngineBanner engine={engine} />
      <div className="popover-body">
        <View
          of={{ value: state.now, problem: state.problem, answeredMs: state.answeredMs }}
          skeleton={<Skeleton heightPx={260} label="Waiting for the engine’s figures" />}
          {...(!isPaused && { staleAfterMs: STALE_AFTER_MS })}
        >
          {(now) => <Glance now={now} price={settings.value} />}
        </View>
      </div>
      <footer className="popover-foot">
        <button type="button" className="button button-primary" onClick={() => void call('openDashboard', {})}>
          Open Perwatt
        </button>
        <button
          type="button"
          className="button"
          disabled={state.now === null}
          onClick={() => void setPaused(!isPaused)}
        >
          {isPaused ? <ResumeIcon /> : <PauseIcon />}
          {isPaused ? 'Resume' : 'Pause'}
        </button>
        <button
          type="button"
          className="button button-icon"
          aria-label="Settings"
          title="Settings"
          onClick={() => void call('openDashboard', { screen: 'settings' })}
        >
          <SettingsIcon />
        </button>
      </footer>
    </main>
  )
}

function Glance(props: { now: Now; price: { pricePerKwh: number | null; currency: string } | null }) {
  const { now, price } = props
  const { machine } = now
  const { live } = useLive(now, SPARKLINE_S)
  const note = noteOf(now)
  const hasFigures = now.state === 'measuring' || now.state === 'paused'
  return (
    <>
      <div className="popover-hero">
        <Explain content={<MachineProvenance now={now} />}>
          <span className="hero-label">Machine</span>
          <PowerFigure size="hero" {...machine} />
        </Explain>
        <Explain content={<AiProvenance now={now} />}>
          <span className="hero-label">AI</span>
          <span className="is-accent">
            <PowerFigure
              size="hero"
              powerW={machine.aiPowerW}
              provenance={machine.provenance}
              uncertainty={machine.aiUncertainty}
              reason={machine.reason}
            />
          </span>
        </Explain>
      </div>
      {note !== null && <p className="popover-notice">{note}</p>}
      {live !== null && live.at.length > 1 && <Sparkline live={live} now={now} />}
      {hasFigures && <AppList now={now} shown={note === null ? 3 : 2} />}
      <div className="popover-today">
        <span>Today</span>
        <span>
          AI <Figure of={formatEnergy(now.today.aiMj)} />
          {price?.pricePerKwh != null &&
            ` · ${formatMoney(mjToKwh(now.today.aiMj) * price.pricePerKwh, price.currency)}`}
        </span>
        <span className="row-note">{formatCoverage(now.today.coverageRatio)} seen</span>
      </div>
    </>
  )
}

/** Why there is no figure, when there is none; else the first thing that the reader should know. */
function noteOf(now: Now): string | null {
  if (now.state === 'warming') return 'The first figure is a moment away.'
  if (now.state === 'paused') return 'Paused. Nothing is measured.'
  if (now.state === 'blind') return `No source measures this machine now. ${now.machine.reason ?? ''}`
  return now.notices[0]?.text ?? null
}
