import { useState } from 'react'
import { call } from '../../client.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { categoryName } from '../../words.ts'
import type { App } from './apps.tsx'
import { exeOf } from './exe-of.ts'

/** Apps that the user named. Forgetting one can be undone; where it cannot, it is asked first. */
export function Rules(props: { apps: readonly App[]; onChanged: () => void }) {
  const { apps, onChanged } = props
  const [forgotten, setForgotten] = useState<App | null>(null)
  const [asking, setAsking] = useState<App | null>(null)
  const [reason, setReason] = useState<string | null>(null)

  const forget = async (app: App) => {
    setAsking(null)
    const answer = await call('forgetApp', { id: app.id })
    setReason(answer.ok ? null : answer.reason)
    setForgotten(answer.ok ? app : null)
    onChanged()
  }
  const undo = async (app: App, exe: string) => {
    const answer = await call('nameApp', { exe, name: app.name, category: app.category })
    setReason(answer.ok ? null : answer.reason)
    if (answer.ok) setForgotten(null)
    onChanged()
  }
  if (apps.length === 0 && forgotten === null && reason === null) return null
  const forgottenExe = forgotten === null ? null : exeOf(forgotten.match)
  return (
    <div className="rules">
      <h3 className="setting-title">Named by you</h3>
      <ul className="rows">
        {apps.map((app) => (
          <li key={app.id} className="row row-line">
            <span className="row-title">{app.name}</span>
            <span className="row-note">
              {categoryName(app.category)} · {app.match.join(', ')}
            </span>
            <button
              type="button"
              className="button button-small"
              aria-label={`Forget ${app.name}`}
              onClick={() => (exeOf(app.match) === null ? setAsking(app) : void forget(app))}
            >
              Forget
            </button>
          </li>
        ))}
      </ul>
      <div className="row-line" role="status">
        {forgotten !== null && <span>“{forgotten.name}” is forgotten.</span>}
        {forgotten !== null && forgottenExe !== null && (
          <button type="button" className="button button-small" onClick={() => void undo(forgotten, forgottenExe)}>
            Undo
          </button>
        )}
        {reason !== null && <span className="form-problem">{reason}</span>}
      </div>
      {asking !== null && (
        <Dialog title={`Forget “${asking.name}”?`} onClose={() => setAsking(null)}>
          <p>This rule was written by hand ({asking.match.join(', ')}) and cannot be brought back from here.</p>
          <div className="dialog-actions">
            <button type="button" className="button" onClick={() => setAsking(null)}>
              Keep it
            </button>
            <button type="button" className="button button-danger" onClick={() => void forget(asking)}>
              Forget it
            </button>
          </div>
        </Dialog>
      )}
    </div>
  )
}
