import type { Connector, OpenServer, ServerReport } from '../../../engine/connectors/connector.ts'
import { type Route, routedAsk } from '../../support/server-double.ts'

/** A server of this dialect that answers from `routes`, which may be changed between looks, and what was asked of it. */
export async function opened(
  connector: Connector,
  routes: Record<string, Route>,
): Promise<{ readonly open: OpenServer; readonly asked: string[]; look(): Promise<ServerReport> }> {
  const asked: string[] = []
  const answer = routedAsk(routes)
  const found = await connector.identify((path, options) => {
    asked.push(`${options?.method ?? 'GET'} ${path}`)
    return answer(path, options)
  })
  if (!found.ok || found.value === null) throw new Error(`not identified: ${JSON.stringify(found)}`)
  const open = found.value
  return {
    open,
    asked,
    async look() {
      const report = await open.poll()
      if (!report.ok) throw new Error(report.reason)
      return report.value
    },
  }
}
