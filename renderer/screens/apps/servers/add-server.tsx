import { useId, useState } from 'react'
import { ok, problem, type Result } from '../../../../contract/result.ts'
import { call } from '../../../client.ts'
import { Dialog } from '../../../parts/dialog.tsx'
import { parseAddress } from '../../sources/meters/address.ts'

const kind = { schemes: ['http', 'https'], port: null, example: 'http://192.168.1.30:11434' } as const

export type ServerDraft = { readonly address: string; readonly name: string; readonly key: string }

type Order = { readonly origin: string; readonly name: string; readonly key?: string }

/** What the engine is asked to add; the name is the machine's where none is typed. */
export function orderOf(draft: ServerDraft): Result<Order, 'address' | 'name'> {
  const address = parseAddress(draft.address, kind)
  if (!address.ok) return problem('address', address.reason.replace('Meters of this kind', 'Servers'))
  const name = draft.name.trim() === '' ? address.value.replace(/^https?:\/\//, '') : draft.name.trim()
  if (name.length > 80) return problem('name', 'A name has at most 80 characters.')
  const key = draft.key.trim()
  return ok({ origin: address.value, name, ...(key !== '' && { key }) })
}

/** A server that discovery cannot see: on another machine, in Docker Desktop, in WSL. */
export function AddServerDialog(props: { onClose: () => void; onAdded: () => void }) {
  const { onClose, onAdded } = props
  const id = useId()
  const [draft, setDraft] = useState<ServerDraft>({ address: '', name: '', key: '' })
  const [wrong, setWrong] = useState<{ readonly code: string; readonly reason: string } | null>(null)
  const [isAsking, setAsking] = useState(false)
  const type = (part: Partial<ServerDraft>) => {
    setDraft({ ...draft, ...part })
    setWrong(null)
  }
  const add = async () => {
    const order = orderOf(draft)
    if (!order.ok) return setWrong(order)
    setAsking(true)
    const answer = await call('addServer', order.value)
    setAsking(false)
    if (answer.ok) onAdded()
    else setWrong({ code: answer.code === 'badAddress' ? 'address' : 'form', reason: answer.reason })
  }
  const isAddressWrong = wrong?.code === 'address'
  return (
    <Dialog title="Add a server" className="has-meter" onClose={onClose}>
      <p className="row-text">
        For one that is not found by itself: on another machine, in Docker Desktop, in WSL. What it delivers can be
        counted; its energy is unknown here.
      </p>
      <form
        className="meter-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void add()
        }}
      >
        <div className="field">
          <label htmlFor={`${id}-address`}>Address</label>
          <input
            id={`${id}-address`}
            data-first-focus=""
            value={draft.address}
            placeholder={kind.example}
            maxLength={200}
            autoComplete="off"
            spellCheck={false}
            aria-invalid={isAddressWrong}
            aria-describedby={isAddressWrong ? `${id}-wrong` : undefined}
            onChange={(event) => type({ address: event.target.value })}
          />
          {isAddressWrong && (
            <p id={`${id}-wrong`} className="field-text form-problem">
              {wrong.reason}
            </p>
          )}
        </div>
        <div className="field">
          <label htmlFor={`${id}-name`}>Name</label>
          <input
            id={`${id}-name`}
            value={draft.name}
            placeholder="As the address"
            maxLength={80}
            autoComplete="off"
            onChange={(event) => type({ name: event.target.value })}
          />
        </div>
        <div className="field">
          <label htmlFor={`${id}-key`}>API key</label>
          <input
            id={`${id}-key`}
            type="password"
            value={draft.key}
            placeholder="None"
            maxLength={4_000}
            autoComplete="off"
            aria-describedby={`${id}-key-text`}
            onChange={(event) => type({ key: event.target.value })}
          />
          <p id={`${id}-key-text`} className="field-text">
            Kept encrypted, and sent to this address alone.
          </p>
        </div>
        {wrong !== null && !isAddressWrong && (
          <p className="form-problem" role="alert">
            {wrong.reason}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={isAsking}>
            Add
          </button>
        </div>
      </form>
    </Dialog>
  )
}
