import { formatAmount, formatBytes, formatLength, formatRatio, THIN } from '../../../../contract/format.ts'
import type { ServerModel, ServerStatus } from '../../../../contract/servers.ts'
import { placeOf } from '../../../navigation.ts'
import { Reason } from '../../../parts/efficiency.tsx'
import { LongName } from '../../../parts/long-name.tsx'
import { RemoteTag } from '../../../parts/remote-tag.tsx'
import { devices, modelStates, parametersText } from '../../../work-words.ts'

/** Servers that never let go say so with a time centuries away. */
const FOR_EVER_MS = 365 * 86_400_000

/** The models that a server holds, with what holding them takes. */
export function ServerModels(props: { server: ServerStatus; onUnload: (model: ServerModel) => void }) {
  const { server, onUnload } = props
  return (
    <table className="table held-table">
      <caption className="sr-only">Models that {server.name} holds</caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col" className="col-held-state">
            State
          </th>
          <th scope="col" className="col-memory is-number">
            Memory
          </th>
          <th scope="col" className="col-context is-number">
            Context
          </th>
          <th scope="col" className="col-expiry">
            Kept until
          </th>
          {server.canUnload && (
            <th scope="col" className="col-unload">
              <span className="sr-only">Unload</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {server.models.map((model) => (
          <tr key={model.id}>
            <th scope="row">
              <span className="app-name">
                <a className="row-link is-clipped" href={placeOf('models', model.id)} title={model.name}>
                  <LongName>{model.name}</LongName>
                </a>
                {model.isRemote && server.energy === 'measured' && <RemoteTag />}
                <span className="is-quiet is-clipped">{makeText(model)}</span>
              </span>
            </th>
            <td className="is-quiet">{stateText(model)}</td>
            <td className="is-number">{memoryText(model) ?? <Reason>not told</Reason>}</td>
            <td className="is-number is-quiet">
              {model.contextTokens === null ? <Reason>not told</Reason> : `${formatAmount(model.contextTokens)} tokens`}
            </td>
            <td className="col-expiry is-quiet">{expiryText(model, Date.now())}</td>
            {server.canUnload && (
              <td className="col-unload">
                <button
                  type="button"
                  className="button button-small"
                  aria-label={`Unload ${model.name}`}
                  disabled={model.state === 'unloading'}
                  onClick={() => onUnload(model)}
                >
                  Unload
                </button>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** "8.2 B · Q4_K_M". */
function makeText({ parameters, quantisation }: ServerModel): string {
  return [parameters === null ? null : parametersText(parameters), quantisation]
    .filter((part) => part !== null)
    .join(' · ')
}

function stateText({ state, inFlight }: ServerModel): string {
  return inFlight === null || inFlight === 0 ? modelStates[state] : `${inFlight} in flight`
}

/** "5.2 GB, 80 % on the GPU"; `null` where the server does not tell. */
export function memoryText({ memoryBytes, deviceBytes, device }: ServerModel): string | null {
  if (memoryBytes === null) return deviceBytes === null ? null : `${formatBytes(deviceBytes)} on the GPU`
  const size = formatBytes(memoryBytes)
  if (deviceBytes !== null && deviceBytes > 0 && deviceBytes < memoryBytes) {
    return `${size}, ${formatRatio(deviceBytes / memoryBytes)} GPU`
  }
  return device === null ? size : `${size}, ${devices[device]}`
}

export function expiryText({ expiresS }: Pick<ServerModel, 'expiresS'>, nowMs: number): string {
  if (expiresS === null) return 'not told'
  const leftMs = expiresS * 1_000 - nowMs
  if (leftMs > FOR_EVER_MS) return 'unloaded by hand'
  return leftMs <= 0 ? 'any moment' : `in${THIN}${formatLength(leftMs)}`
}
