import { useEffect } from 'react'
import { formatBytes, formatLength } from '../../../contract/format.ts'
import { originOf } from '../../../contract/origin.ts'
import type { WallMeter } from '../../../contract/wall-meter.ts'
import { type Output, useContract, useVisible } from '../../client.ts'
import { Skeleton, View } from '../../parts/view.tsx'

const ASK_EVERY_MS = 5_000

/** Every address that was asked since the engine started: with whom, when last, how many bytes. */
export function Network(props: { meters: readonly WallMeter[] }) {
  const asked = useContract('traffic', {}, 'settingsChanged')
  const isVisible = useVisible()
  const { again } = asked
  useEffect(() => {
    if (!isVisible) return
    const timer = setInterval(again, ASK_EVERY_MS)
    return () => clearInterval(timer)
  }, [isVisible, again])
  return (
    <View of={asked} skeleton={<Skeleton heightPx={72} label="Asking the engine" />}>
      {(traffic) => <Addresses traffic={traffic} meters={props.meters} nowMs={Date.now()} />}
    </View>
  )
}

export function Addresses(props: { traffic: Output<'traffic'>; meters: readonly WallMeter[]; nowMs: number }) {
  const { addresses } = props.traffic
  return (
    <>
      {addresses.length === 0 ? (
        <p className="setting-title">None: everything stays on this machine.</p>
      ) : (
        <table className="table">
          <caption className="sr-only">Addresses that were asked since the engine started</caption>
          <thead>
            <tr>
              <th scope="col">Address</th>
              <th scope="col">For</th>
              <th scope="col">Last answer</th>
              <th scope="col" className="col-bytes is-number">
                Sent
              </th>
              <th scope="col" className="col-bytes is-number">
                Received
              </th>
            </tr>
          </thead>
          <tbody>
            {addresses.map(({ address, answeredS, sentBytes, receivedBytes }) => (
              <tr key={address}>
                <th scope="row" className="is-clipped" title={address}>
                  <code>{address}</code>
                </th>
                <td className="is-quiet is-clipped">{purposeOf(address, props.meters)}</td>
                <td className="is-quiet">
                  {answeredS === null ? 'none yet' : `${formatLength(props.nowMs - answeredS * 1_000)} ago`}
                </td>
                <td className="is-number">{formatBytes(sentBytes)}</td>
                <td className="is-number">{formatBytes(receivedBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="setting-text">
        Perwatt asks the addresses that you type and no others: no telemetry, no update check. A wall meter that is
        removed is asked no more.
      </p>
    </>
  )
}

function purposeOf(address: string, meters: readonly WallMeter[]): string {
  const names = meters.filter((meter) => originOf(meter.address) === address).map(({ name }) => name)
  return names.length === 0 ? 'not set up' : names.join(', ')
}
