import { useState } from 'react'
import type { ServerModel, ServerStatus } from '../../../../contract/servers.ts'
import { Command } from '../../../parts/copy-button.tsx'
import { flightText, serverStates } from '../../../work-words.ts'
import { KeyForm } from './key-form.tsx'
import { stateMarks } from './marks.ts'
import { MeterSwitch } from './meter-switch.tsx'
import { RemoveServerDialog } from './remove-server.tsx'
import { ServerModels } from './server-models.tsx'
import { UnloadDialog } from './unload-dialog.tsx'

/** One server in full: its state, what it holds, who counts what it delivers, and what can be done. */
export function ServerCard(props: { server: ServerStatus; onChanged: () => void }) {
  const { server, onChanged } = props
  const [unloading, setUnloading] = useState<ServerModel | null>(null)
  const [isRemoving, setRemoving] = useState(false)
  const flight = flightText(server.inFlight, server.waiting)
  const done = (close: () => void) => () => {
    close()
    onChanged()
  }
  return (
    <li className="card" data-server={server.id}>
      <div className="row-line card-head">
        <span className="state-mark" data-state={stateMarks[server.state]}>
          {serverStates[server.state]}
        </span>
        <h3 className="row-title">
          {server.title ?? server.name}
          {server.version !== null && <span className="card-version"> {server.version}</span>}
        </h3>
        {flight !== null && <span className="row-note">{flight}</span>}
        <code>{server.origin}</code>
        {server.isAdded && (
          <button
            type="button"
            className="button button-small"
            aria-label={`Remove ${server.name}`}
            onClick={() => setRemoving(true)}
          >
            Remove
          </button>
        )}
      </div>
      <Limits server={server} />
      {server.state === 'denied' && <KeyForm server={server} onSaved={onChanged} />}
      {server.models.length > 0 && <ServerModels server={server} onUnload={setUnloading} />}
      {server.models.length === 0 && server.state === 'connected' && <p className="row-text">It holds no model now.</p>}
      <Counting server={server} />
      <MeterSwitch server={server} onChanged={onChanged} />
      {unloading !== null && (
        <UnloadDialog
          server={server}
          model={unloading}
          onClose={() => setUnloading(null)}
          onDone={done(() => setUnloading(null))}
        />
      )}
      {isRemoving && (
        <RemoveServerDialog
          server={server}
          onClose={() => setRemoving(false)}
          onRemoved={done(() => setRemoving(false))}
        />
      )}
    </li>
  )
}

/** Why it tells nothing or not all, and what would mend it; where its energy is not seen, that. */
export function Limits(props: { server: ServerStatus }) {
  const { server } = props
  return (
    <>
      {server.reason !== null && <p className="row-text">{server.reason}</p>}
      {server.remedyText !== null && (
        <>
          {server.remedy?.note !== undefined && <p className="row-text">{server.remedy.note}</p>}
          {server.remedy?.kind === 'setting' ? (
            <p className="row-text">{server.remedyText}</p>
          ) : (
            <Command text={server.remedyText} />
          )}
        </>
      )}
      {server.energy === 'elsewhere' && (
        <p className="row-text">
          Energy unknown here: its processes are not seen on this machine (another machine, Docker Desktop, WSL). What
          it delivers can be counted, its joules cannot.
        </p>
      )}
    </>
  )
}

/** Who counts what it delivers. */
export function Counting(props: { server: ServerStatus }) {
  const { server } = props
  if (server.behind !== null) {
    return (
      <p className="row-text">
        <code>{server.behind}</code> stands in front of it and counts what it delivers; nothing is counted twice.
      </p>
    )
  }
  if (server.connector === null) return null
  return <p className="row-text">{countingWords[server.counts]}</p>
}

const countingWords: Readonly<Record<ServerStatus['counts'], string>> = {
  server:
    'It counts its tokens itself, so output is known without the meter. The meter adds single requests and their users.',
  proxyOnly: 'It keeps no totals: only the meter, below, can count what it delivers.',
  off: 'Its own counting is switched off: until it is on, only the meter, below, can count what it delivers.',
}
