import type { Connector, OpenServer, ServerReport } from '../../../engine/connectors/connector.ts'
import { type Route, routedAsk } from '../../support/server-double.ts'

/** A server of these answers, identified. Answers can be exchanged afterwards. */
export async function opened(connector: Connector, routes: Record<string, Route>): Promise<OpenServer> {
  const found = await connector.identify(routedAsk(routes))
  if (!found.ok || found.value === null) throw new Error(`not identified: ${JSON.stringify(found)}`)
  return found.value
}

export async function reported(open: OpenServer): Promise<ServerReport> {
  const answer = await open.poll()
  if (!answer.ok) throw new Error(answer.reason)
  return answer.value
}
