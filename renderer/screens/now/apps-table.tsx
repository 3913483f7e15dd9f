import { useRef } from 'react'
import { formatCores, formatEnergy, formatPlusMinus, formatPower, formatRatio } from '../../../contract/format.ts'
import type { Now, NowApp } from '../../../contract/now.ts'
import { totalFactor } from '../../../contract/overhead.ts'
import type { Slots } from '../../live/slots.ts'
import { Figure } from '../../parts/figure.tsx'
import { RemoteIcon } from '../../parts/icons.tsx'
import { Swatch } from '../../parts/swatch.tsx'
import { Explain } from '../../parts/tooltip.tsx'
import { categoryName, count } from '../../words.ts'
import { doing } from './doing.ts'
import { settleOrder } from './order.ts'

/** The AI apps that run, heaviest first. */
export function AppsTable(props: { now: Now; slots: Slots; highlighted: string | null }) {
  const { now, slots, highlighted } = props
  const order = useRef<readonly string[]>([])
  const apps = settleOrder(order.current, now.apps)
  order.current = apps.map((app) => app.id)
  const factors = factorText(now)
  return (
    <table className="table apps-table">
      <caption className={factors === null ? 'sr-only' : 'apps-factors'}>
        {factors === null ? 'AI apps that run now' : factors}
      </caption>
      <thead>
        <tr>
          <th scope="col">App</th>
          <th scope="col" className="col-share">
            Share
          </th>
          <th scope="col" className="col-power is-number">
            Power
          </th>
          <th scope="col" className="col-part is-number">
            Active
          </th>
          <th scope="col" className="col-part is-number">
            Idle
          </th>
          <th scope="col" className="col-cores is-number">
            Cores
          </th>
          <th scope="col" className="col-today is-number">
            Today
          </th>
          <th scope="col" className="col-doing">
            Doing
          </th>
        </tr>
      </thead>
      <tbody>
        {apps.map((app) => (
          <AppRow key={app.id} app={app} now={now} slot={slots.get(app.id) ?? null} isLit={app.id === highlighted} />
        ))}
      </tbody>
    </table>
  )
}

/** What the figures are multiplied by, as the settings want it; `null` where by nothing. */
function factorText({ overheadFactor, coolingFactor, overhead }: Now): string | null {
  const parts = [
    ...(overheadFactor === 1 ? [] : [`× ${overheadFactor.toFixed(2)} for overhead (${overhead?.meterName})`]),
    ...(coolingFactor === 1 ? [] : [`× ${coolingFactor.toFixed(2)} for cooling`]),
  ]
  return parts.length === 0 ? null : `AI apps: power ${parts.join(' ')}; today as measured`
}

function AppRow(props: { app: NowApp; now: Now; slot: number | null; isLit: boolean }) {
  const { app, now, slot, isLit } = props
  const isEstimate = now.machine.provenance === 'estimate'
  const factor = totalFactor(now)
  return (
    <tr data-app={app.id} className={isLit ? 'is-lit' : undefined}>
      <th scope="row">
        <span className="app-name">
          <Swatch kind="app" slot={slot} />
          <span className="app-title">{app.name}</span>
          {app.isSelf && <span className="tag">this meter</span>}
          {!app.local && (
            <span
              className="tag"
              title="Its model runs elsewhere: these are the watts of the client on this machine alone."
            >
              <RemoteIcon /> <span className="tag-word">remote</span>
            </span>
          )}
        </span>
      </th>
      <td>
        <ShareBar ratio={app.shareRatio} slot={slot} />
      </td>
      <td className="is-number">
        <Explain content={<AppProvenance app={app} isEstimate={isEstimate} />}>
          <Figure
            of={formatPower(app.powerW * factor)}
            isEstimate={isEstimate}
            plusMinus={formatPlusMinus(app.powerW * factor, app.uncertainty) ?? ''}
          />
        </Explain>
      </td>
      <td className="is-number is-quiet">
        <Figure of={formatPower(app.activeW * factor)} />
      </td>
      <td className="is-number is-quiet">
        <Figure of={formatPower(app.idleW * factor)} />
      </td>
      <td className="is-number is-quiet">{formatCores(app.cpuCores)}</td>
      <td className="is-number">
        <Figure of={formatEnergy(app.todayMj)} />
      </td>
      <td className="col-doing is-quiet is-clipped">{doing(app, now.models)}</td>
    </tr>
  )
}

function ShareBar(props: { ratio: number; slot: number | null }) {
  return (
    <span className="share">
      <span className="share-track">
        <span className="share-fill" data-series={props.slot ?? 'none'} style={{ width: `${props.ratio * 100}%` }} />
      </span>
      <span className="share-text">{formatRatio(props.ratio)}</span>
    </span>
  )
}

function AppProvenance(props: { app: NowApp; isEstimate: boolean }) {
  const { app, isEstimate } = props
  return (
    <>
      <p>
        {app.name}, {categoryName(app.category).toLowerCase()}: {count(app.processes, 'process', 'processes')}.
      </p>
      <p>
        {isEstimate ? 'Its share of the estimated power' : 'Its share of the measured power'} above the machine’s floor,
        by CPU and GPU time.
        {app.uncertainty !== null && ` ± ${formatRatio(app.uncertainty)}.`}
      </p>
      {!app.local && <p>Its model runs elsewhere. What that draws is not in this figure.</p>}
    </>
  )
}
