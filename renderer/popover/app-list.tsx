import { useRef } from 'react'
import { formatPower } from '../../contract/format.ts'
import type { Now } from '../../contract/now.ts'
import { Figure } from '../parts/figure.tsx'
import { RemoteIcon } from '../parts/icons.tsx'
import { doing } from '../screens/now/doing.ts'
import { settleOrder } from '../screens/now/order.ts'
import { count } from '../words.ts'
import { activeModels, ModelLines } from './model-lines.tsx'

/** Below this an app is running, not working. */
const LEAST_ACTIVE_W = 0.05

/** The heaviest AI apps (Perwatt's own watts are in the window), at most `shown`: filled where one works, hollow where it only costs. */
export function AppList(props: { now: Now; shown: number }) {
  const { now, shown } = props
  const order = useRef<readonly string[]>([])
  const others = now.apps.filter((app) => !app.isSelf)
  const apps = settleOrder(order.current, others)
  order.current = apps.map((app) => app.id)
  if (apps.length === 0) {
    return <p className="popover-empty">No AI app is running. One that starts appears here within seconds.</p>
  }
  const isEstimate = now.machine.provenance === 'estimate'
  return (
    <ul className="popover-apps" aria-label="AI apps, heaviest first">
      {apps.slice(0, shown).map((app) => {
        const isWorking = app.activeW > Math.max(app.idleW, LEAST_ACTIVE_W)
        const models = activeModels(now.models, app.id)
        return (
          <li key={app.id}>
            <span className={isWorking ? 'work-mark is-working' : 'work-mark'} aria-hidden="true" />
            <span className="popover-app-name">
              {app.name}
              {!app.local && <RemoteIcon />}
              {!app.local && <span className="sr-only"> (its model runs elsewhere)</span>}
            </span>
            <Figure of={formatPower(app.powerW)} isEstimate={isEstimate} />
            {models.length > 0 ? (
              <ModelLines models={models} />
            ) : (
              <span className="popover-app-doing">{doing(app, now.models)}</span>
            )}
          </li>
        )
      })}
      {apps.length > shown && <li className="popover-more">{count(apps.length - shown, 'more app')} in the window</li>}
    </ul>
  )
}
