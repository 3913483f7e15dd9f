import { useState } from 'react'
import type { z } from 'zod'
import type { CatalogueApp } from '../../../contract/catalogue.ts'
import { formatCores } from '../../../contract/format.ts'
import type { NowApp } from '../../../contract/now.ts'
import { type Asked, call, type Output, useContract } from '../../client.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { SettingRow, Switch } from '../../parts/setting-row.tsx'
import { count } from '../../words.ts'
import { useChange } from '../settings/change.ts'

type Known = z.infer<typeof CatalogueApp>

/** The app's processes now, by which rules they are taken for it, and whether they count as AI. */
export function Recognition(props: {
  id: string
  known: Known | null
  running: NowApp | null
  asked: Pick<Asked<Output<'catalogue'>>, 'value' | 'problem' | 'again'>
}) {
  const { id, known, running, asked } = props
  const [isAsking, setAsking] = useState(false)
  if (asked.value === null) return null
  return (
    <section className="block" aria-labelledby="recognition-title">
      <h2 id="recognition-title">Processes and rules</h2>
      <p className="facts">{runningWords(running)}</p>
      <Rules known={known} />
      <Counting id={id} known={known} />
      {known?.source === 'user' && (
        <div>
          <button type="button" className="button" onClick={() => setAsking(true)}>
            Forget this rule
          </button>
        </div>
      )}
      {isAsking && known !== null && (
        <ForgetDialog
          known={known}
          onClose={() => setAsking(false)}
          onForgotten={() => {
            setAsking(false)
            asked.again()
          }}
        />
      )}
    </section>
  )
}

export function runningWords(running: Pick<NowApp, 'processes' | 'cpuCores'> | null): string {
  if (running === null || running.processes === 0) return 'Not running now.'
  const cores = formatCores(running.cpuCores)
  return `${count(running.processes, 'process', 'processes')} now, ${cores} ${cores === '1' ? 'core' : 'cores'} busy.`
}

export function Rules(props: { known: Known | null }) {
  const { known } = props
  if (known === null) {
    return (
      <p className="row-text">
        No rule recognises it any more. What it drew while one did stays in the history; a busy program can be named on
        Now.
      </p>
    )
  }
  return (
    <>
      <p className="row-text">
        {known.source === 'user' ? 'By the rule that you made' : 'By the built-in catalogue'}, a process is taken for{' '}
        {known.name} where any of these holds, and so is what it starts:
      </p>
      <ul className="chips" aria-label="Rules">
        {known.match.map((words) => (
          <li key={words}>
            <code>{words}</code>
          </li>
        ))}
      </ul>
    </>
  )
}

function Counting(props: { id: string; known: Known | null }) {
  const settings = useContract('settings', {}, 'settingsChanged')
  if (settings.value === null) return null
  return <CountSwitch {...props} settings={settings.value} onSaved={settings.replace} />
}

function CountSwitch(props: {
  id: string
  known: Known | null
  settings: Output<'settings'>
  onSaved: (settings: Output<'settings'>) => void
}) {
  const { id, known, settings } = props
  const { saved, change } = useChange(props)
  const isOn = settings.countAsAi[id] ?? known?.countsAsAi ?? true
  return (
    <SettingRow
      title="Count as AI"
      htmlFor="count-as-ai"
      text="Its watts and joules are part of the sum “AI”. What was measured stays, whichever way it is counted."
      saved={saved}
    >
      <Switch
        id="count-as-ai"
        checked={isOn}
        onChange={(on) => change({ countAsAi: { ...settings.countAsAi, [id]: on } })}
      />
    </SettingRow>
  )
}

function ForgetDialog(props: { known: Known; onClose: () => void; onForgotten: () => void }) {
  const { known, onClose, onForgotten } = props
  const [reason, setReason] = useState<string | null>(null)
  const forget = async () => {
    const answer = await call('forgetApp', { id: known.id })
    if (answer.ok) onForgotten()
    else setReason(answer.reason)
  }
  return (
    <Dialog title={`Forget “${known.name}”?`} onClose={onClose}>
      <p>
        Its processes ({known.match.join(', ')}) are no AI app from then on. What was measured of it stays in the
        history.
      </p>
      {reason !== null && (
        <p className="form-problem" role="alert">
          {reason}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="button button-danger" onClick={() => void forget()}>
          Forget it
        </button>
      </div>
    </Dialog>
  )
}
