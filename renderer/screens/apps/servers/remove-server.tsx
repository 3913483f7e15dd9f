import { useState } from 'react'
import type { ServerStatus } from '../../../../contract/servers.ts'
import { call } from '../../../client.ts'
import { Dialog } from '../../../parts/dialog.tsx'

export function RemoveServerDialog(props: { server: ServerStatus; onClose: () => void; onRemoved: () => void }) {
  const { server, onClose, onRemoved } = props
  const [reason, setReason] = useState<string | null>(null)
  const remove = async () => {
    const answer = await call('removeServer', { origin: server.origin })
    if (answer.ok) onRemoved()
    else setReason(answer.reason)
  }
  return (
    <Dialog title={`Remove “${server.name}”?`} onClose={onClose}>
      <p>
        Perwatt asks <code>{server.origin}</code> no more, and forgets its key if it has one. What was counted stays in
        the history. A server that runs on this machine is found again by itself.
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
        <button type="button" className="button button-danger" onClick={() => void remove()}>
          Remove it
        </button>
      </div>
    </Dialog>
  )
}
