import { useEffect, useId, useRef, useState } from 'react'
import type { Unnamed } from '../../../contract/catalogue.ts'
import { figureText, formatCores, formatPower } from '../../../contract/format.ts'
import { call, useContract } from '../../client.ts'
import { refreshNow } from '../../now-store.ts'
import { categories, count } from '../../words.ts'

/** The engine looks for them at most once a minute; half of that finds each in time. */
const LOOK_EVERY_S = 30

/** Heavy processes that no catalogue entry names, each with a form that names it. */
export function UnnamedProcesses(props: { atS: number }) {
  const asked = useContract('unnamed', {})
  const beat = Math.floor(props.atS / LOOK_EVERY_S)
  const { again } = asked
  const lastBeat = useRef(beat)
  useEffect(() => {
    if (beat === lastBeat.current) return
    lastBeat.current = beat
    again()
  }, [beat, again])
  const [named, setNamed] = useState<string | null>(null)
  const processes = asked.value?.processes ?? []
  return (
    <>
      <p className="sr-only" role="status">
        {named !== null && `${named} is counted as AI from now on.`}
      </p>
      {processes.length > 0 && (
        <section className="block" aria-labelledby="unnamed-title">
          <h2 id="unnamed-title">Busy, and not in the catalogue</h2>
          <ul className="rows">
            {processes.map((process) => (
              <UnnamedRow
                key={process.exe}
                process={process}
                onNamed={(name) => {
                  setNamed(name)
                  again()
                  void refreshNow()
                }}
              />
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function UnnamedRow(props: { process: Unnamed; onNamed: (name: string) => void }) {
  const { process, onNamed } = props
  const [isOpen, setOpen] = useState(false)
  const power = process.powerW === null ? '' : `, ${figureText(formatPower(process.powerW))}`
  return (
    <li className="row">
      <div className="row-line">
        <code className="row-title">{process.exe}</code>
        <span className="row-note">
          {formatCores(process.cpuCores)} cores{power}, {count(process.processes, 'process', 'processes')}
        </span>
        {!isOpen && (
          <button type="button" className="button button-small" onClick={() => setOpen(true)}>
            Name this app
          </button>
        )}
      </div>
      {isOpen && <NameForm exe={process.exe} onNamed={onNamed} onCancel={() => setOpen(false)} />}
    </li>
  )
}

function NameForm(props: { exe: string; onNamed: (name: string) => void; onCancel: () => void }) {
  const { exe, onNamed, onCancel } = props
  const id = useId()
  const [reason, setReason] = useState<string | null>(null)
  const submit = async (form: FormData) => {
    const name = String(form.get('name') ?? '').trim()
    const answer = await call('nameApp', { exe, name, category: String(form.get('category') ?? 'other') })
    if (answer.ok) onNamed(name)
    else setReason(answer.reason)
  }
  return (
    <form
      className="name-form"
      onSubmit={(event) => {
        event.preventDefault()
        void submit(new FormData(event.currentTarget))
      }}
    >
      <label htmlFor={`${id}-name`}>Name</label>
      {/* biome-ignore lint/a11y/noAutofocus: the form opens because its button was pressed */}
      <input id={`${id}-name`} name="name" defaultValue={exe} required maxLength={80} autoFocus />
      <label htmlFor={`${id}-category`}>Category</label>
      <select id={`${id}-category`} name="category" defaultValue="other">
        {Object.entries(categories).map(([category, title]) => (
          <option key={category} value={category}>
            {title}
          </option>
        ))}
      </select>
      <button type="submit" className="button button-primary">
        Count as AI
      </button>
      <button type="button" className="button" onClick={onCancel}>
        Cancel
      </button>
      {reason !== null && (
        <p className="form-problem" role="alert">
          {reason}
        </p>
      )}
    </form>
  )
}
