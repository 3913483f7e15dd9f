import { useId, useState } from 'react'
import type { ServerStatus } from '../../../../contract/servers.ts'
import { call } from '../../../client.ts'

/** A server that wants an API key before it tells anything. The key is kept encrypted and sent nowhere else. */
export function KeyForm(props: { server: Pick<ServerStatus, 'origin' | 'name'>; onSaved: () => void }) {
  const { server, onSaved } = props
  const id = useId()
  const [key, setKey] = useState('')
  const [state, setState] = useState<'typing' | 'saving' | { reason: string }>('typing')
  const save = async () => {
    setState('saving')
    const answer = await call('setServerKey', { origin: server.origin, key: key.trim() })
    setState(answer.ok ? 'typing' : { reason: answer.reason })
    if (!answer.ok) return
    setKey('')
    onSaved()
  }
  return (
    <form
      className="name-form"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <label htmlFor={id}>Its API key</label>
      <input
        id={id}
        type="password"
        autoComplete="off"
        value={key}
        aria-describedby={`${id}-text`}
        onChange={(event) => setKey(event.target.value)}
      />
      <button type="submit" className="button" disabled={key.trim() === '' || state === 'saving'}>
        Save key
      </button>
      <span id={`${id}-text`} className="row-note">
        Kept encrypted, and sent to {server.origin} alone.
      </span>
      {typeof state === 'object' && (
        <p className="form-problem" role="alert">
          {state.reason}
        </p>
      )}
    </form>
  )
}
