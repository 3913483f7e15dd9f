import { useState } from 'react'
import { formatBytes } from '../../../../contract/format.ts'
import type { Problem } from '../../../../contract/result.ts'
import { remedyText } from '../../../../contract/result.ts'
import type { ServerModel, ServerStatus } from '../../../../contract/servers.ts'
import { call } from '../../../client.ts'
import { Command } from '../../../parts/copy-button.tsx'
import { Dialog } from '../../../parts/dialog.tsx'

/** Says what unloading does before it is done. */
export function UnloadDialog(props: {
  server: ServerStatus
  model: ServerModel
  onClose: () => void
  onDone: () => void
}) {
  const { server, model, onClose, onDone } = props
  const [state, setState] = useState<'asking' | 'unloading' | Problem>('asking')
  const unload = async () => {
    setState('unloading')
    const answer = await call('unloadModel', { server: server.id, model: model.id })
    if (answer.ok) onDone()
    else setState(answer)
  }
  const problem = typeof state === 'object' ? state : null
  return (
    <Dialog title={`Unload “${model.name}”?`} onClose={onClose}>
      {whatHappens(server, model).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {problem !== null && (
        <div role="alert">
          <p className="form-problem">{problem.reason}</p>
          {problem.remedy?.kind === 'command' && <Command text={remedyText(problem.remedy)} />}
        </div>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Keep it loaded
        </button>
        <button
          type="button"
          className="button button-primary"
          disabled={state === 'unloading'}
          onClick={() => void unload()}
        >
          Unload
        </button>
      </div>
    </Dialog>
  )
}

export function whatHappens(server: Pick<ServerStatus, 'name'>, model: ServerModel): readonly string[] {
  const bytes = model.deviceBytes ?? model.memoryBytes
  const size = bytes === null || bytes === 0 ? 'its memory' : `${formatBytes(bytes)} of memory`
  const inFlight = model.inFlight ?? 0
  return [
    `${server.name} is asked to let go of it: ${size} becomes free, and what holding it draws ends.`,
    ...(inFlight === 0 ? [] : ['Requests in flight are answered first.']),
    'The next request loads it again, which takes time and energy. Nothing is deleted.',
  ]
}
