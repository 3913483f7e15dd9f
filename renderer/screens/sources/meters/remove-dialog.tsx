import { useState } from 'react'
import type { WallMeter } from '../../../../contract/wall-meter.ts'
import { call } from '../../../client.ts'
import { Dialog } from '../../../parts/dialog.tsx'

export function RemoveDialog(props: { meter: WallMeter; onClose: () => void; onRemoved: () => void }) {
  const { meter, onClose, onRemoved } = props
  const [reason, setReason] = useState<string | null>(null)
  const remove = async () => {
    const answer = await call('removeMeter', { id: meter.id })
    if (answer.ok) onRemoved()
    else setReason(answer.reason)
  }
  return (
    <Dialog title={`Remove “${meter.name}”?`} onClose={onClose}>
      <p>
        Perwatt asks <code>{meter.address}</code> no more{meter.hasSecret && ', and forgets its password or token'}.
        What it measured stays in the history.
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
