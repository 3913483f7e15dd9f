import { useId, useState } from 'react'
import { formatLength } from '../../../../contract/format.ts'
import { type Problem, remedyText } from '../../../../contract/result.ts'
import type { ServerStatus } from '../../../../contract/servers.ts'
import { call } from '../../../client.ts'
import { Command } from '../../../parts/copy-button.tsx'
import { Dialog } from '../../../parts/dialog.tsx'
import { Switch } from '../../../parts/setting-row.tsx'
import { count } from '../../../words.ts'
import { parsePort, portAbove, portOf } from './listen-port.ts'

/** The metering proxy in front of a server: on or off, what the client has to be told, and whether traffic arrives. */
export function MeterSwitch(props: { server: ServerStatus; onChanged: () => void }) {
  const { server, onChanged } = props
  const id = useId()
  const [typed, setTyped] = useState('')
  const [state, setState] = useState<'idle' | 'switching' | Pick<Problem, 'reason' | 'remedy'>>('idle')
  const [isEnding, setEnding] = useState(false)
  const { meter } = server
  const isOn = meter !== null && meter.state !== 'off'

  const switchTo = async (on: boolean) => {
    const port = parsePort(typed)
    if (on && !port.ok) return setState(port)
    setEnding(false)
    setState('switching')
    const listen = on && port.ok && port.value !== null ? { listen: port.value } : {}
    const answer = await call('setMetering', { server: server.id, on, ...listen })
    setState(answer.ok ? 'idle' : answer)
    onChanged()
  }
  const problem = typeof state === 'object' ? state : null
  return (
    <div className="meter-switch">
      <div className="row-line">
        <label className="setting-title" htmlFor={id}>
          Meter its requests
        </label>
        <span className="setting-text">
          Relays the bytes unchanged and counts tokens, time and who asked. Prompts and answers are never kept.
        </span>
        {!isOn && (
          <span className="meter-port">
            <label htmlFor={`${id}-port`}>on port</label>
            <input
              id={`${id}-port`}
              className="input-port"
              inputMode="numeric"
              value={typed}
              placeholder={portAbove(server.origin)}
              maxLength={5}
              onChange={(event) => {
                setTyped(event.target.value)
                setState('idle')
              }}
            />
          </span>
        )}
        <Switch
          id={id}
          checked={isOn}
          isDisabled={state === 'switching'}
          onChange={(on) => (!on && meter?.lastRequestS != null ? setEnding(true) : void switchTo(on))}
        />
      </div>
      {problem !== null && (
        <div role="alert">
          <p className="form-problem">{problem.reason}</p>
          {problem.remedy?.kind === 'command' && <Command text={remedyText(problem.remedy)} />}
        </div>
      )}
      {isOn && <MeterState meter={meter} origin={server.origin} nowMs={Date.now()} />}
      {isEnding && meter !== null && (
        <Dialog title="Stop metering?" onClose={() => setEnding(false)}>
          <p>
            Clients that were led to port {portOf(meter.listen)} get no answer there any more. Set them back to{' '}
            <code>{server.origin}</code>.
          </p>
          <div className="dialog-actions">
            <button type="button" className="button" onClick={() => setEnding(false)}>
              Keep it on
            </button>
            <button type="button" className="button button-danger" onClick={() => void switchTo(false)}>
              Stop metering
            </button>
          </div>
        </Dialog>
      )}
    </div>
  )
}

/** What to set in the client, and whether traffic arrives. */
export function MeterState(props: { meter: NonNullable<ServerStatus['meter']>; origin: string; nowMs: number }) {
  const { meter, origin, nowMs } = props
  if (meter.state === 'failed') {
    return (
      <p className="form-problem" role="alert">
        The meter does not run: {meter.reason ?? 'it did not start.'} Clients reach the server at {origin} as before.
      </p>
    )
  }
  const address = `http://127.0.0.1:${portOf(meter.listen)}`
  return (
    <>
      <p className="row-text">
        {meter.clientSetting === null
          ? `Where the client has the server’s address (“base URL”), give it this one instead of ${origin}:`
          : 'Start the client with this setting, or put it where the client keeps its own:'}
      </p>
      <Command text={meter.clientSetting ?? address} />
      <p className="traffic" data-arrives={meter.requests > 0}>
        {/* Spoken once when traffic arrives, not with each count. */}
        <span role="status" className="sr-only">
          {meter.requests > 0 && 'Traffic arrives.'}
        </span>
        {trafficText(meter, nowMs)}
      </p>
    </>
  )
}

export function trafficText(
  { state, requests, lastRequestS }: Pick<NonNullable<ServerStatus['meter']>, 'state' | 'requests' | 'lastRequestS'>,
  nowMs: number,
): string {
  if (state === 'starting') return 'The meter starts …'
  if (requests === 0 || lastRequestS === null) return 'Waiting for the first request …'
  return `${count(requests, 'request')}, last ${formatLength(nowMs - lastRequestS * 1_000)} ago`
}
