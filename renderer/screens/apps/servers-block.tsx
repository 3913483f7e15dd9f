import { useState } from 'react'
import type { ServerStatus } from '../../../contract/servers.ts'
import { type Asked, call, type Output } from '../../client.ts'
import { placeOf } from '../../navigation.ts'
import { Skeleton, View } from '../../parts/view.tsx'
import { count } from '../../words.ts'
import { serverStates } from '../../work-words.ts'
import { stateMarks } from './servers/marks.ts'

/** Every server that answers on a port: found here, or added by hand. */
export function ServersBlock(props: { servers: Asked<Output<'servers'>>; onAdd: () => void }) {
  const { servers } = props
  return (
    <section className="block" aria-labelledby="all-servers-title">
      <div className="row-line">
        <h2 id="all-servers-title" className="row-title">
          Servers
        </h2>
        <LookAgain servers={servers} />
        <button type="button" className="button" onClick={props.onAdd}>
          Add a server
        </button>
      </div>
      <View of={servers} skeleton={<Skeleton heightPx={96} label="Waiting for the servers" />}>
        {({ servers: known }) => <ServerList servers={known} />}
      </View>
    </section>
  )
}

function LookAgain(props: { servers: Asked<Output<'servers'>> }) {
  const [state, setState] = useState<'idle' | 'looking' | 'looked' | { reason: string }>('idle')
  const look = async () => {
    setState('looking')
    const answer = await call('findServers', {})
    if (answer.ok) props.servers.replace(answer.value)
    setState(answer.ok ? 'looked' : { reason: answer.reason })
  }
  return (
    <>
      <span role="status" className="row-note">
        {state === 'looked' ? 'Looked just now.' : typeof state === 'object' ? state.reason : ''}
      </span>
      <button type="button" className="button" disabled={state === 'looking'} onClick={() => void look()}>
        Look again
      </button>
    </>
  )
}

export function ServerList(props: { servers: readonly ServerStatus[] }) {
  if (props.servers.length === 0) {
    return (
      <p className="row-text">
        None answers. A model server that runs here is found by itself within a minute; one on another machine, in
        Docker Desktop or in WSL is added by its address.
      </p>
    )
  }
  return (
    <ul className="rows">
      {props.servers.map((server) => (
        <li key={server.id} className="row server-row" data-server={server.id}>
          <div className="row-line">
            <span className="state-mark" data-state={stateMarks[server.state]}>
              {serverStates[server.state]}
            </span>
            <h3 className="row-title">
              <a className="row-link" href={placeOf('apps', server.app ?? server.origin)}>
                {server.name}
              </a>
            </h3>
            <code className="server-origin">{server.origin}</code>
            <span className="row-note server-note">{serverNote(server)}</span>
          </div>
        </li>
      ))}
    </ul>
  )
}

/** What is worth knowing at a glance: what it holds, who counts it, where its energy is. */
export function serverNote(server: ServerStatus): string {
  const held = server.models.length
  return [
    server.state !== 'connected' ? null : held === 0 ? 'no model loaded' : count(held, 'model'),
    server.energy === 'elsewhere' ? 'energy unknown here' : null,
    server.behind === null ? countsNote(server) : 'counted by the server in front of it',
  ]
    .filter((part) => part !== null)
    .join(' · ')
}

function countsNote({ counts, meter, state }: ServerStatus): string | null {
  if (meter?.state === 'failed') return 'the meter does not run'
  if (meter !== null && meter.state !== 'off') return meter.requests === 0 ? 'metered, no request yet' : 'metered'
  if (state !== 'connected' || counts === 'server') return null
  return counts === 'off' ? 'its counting is off' : 'only the meter can count it'
}
