import { type Remedy, remedyText } from '../../contract/result.ts'
import type { ServerModel } from '../../contract/servers.ts'
import type { PolledServer } from './polled-server.ts'
import type { HeldModel, ServerView } from './servers.ts'

/** One server in the words of the contract. */
export function viewOfServer(
  server: PolledServer,
  context: {
    readonly name: string
    readonly isAdded: boolean
    readonly isSeen: boolean
    readonly behind: string | null
    readonly models: readonly HeldModel[]
    /** Wall minus monotonic time. */
    readonly wallOffsetMs: number
  },
): ServerView {
  const { report, problem, connector } = server
  const limits = report?.limits ?? null
  const remedy = problem?.remedy ?? limits?.remedy ?? null
  return {
    id: server.origin,
    origin: server.origin,
    app: server.app,
    name: context.name,
    connector: connector?.id ?? null,
    title: connector?.title ?? null,
    version: report?.version ?? null,
    state: server.state,
    reason:
      problem?.reason ??
      limits?.reason ??
      (server.state === 'unknown' ? 'It answers, but not as a server that Perwatt knows.' : null),
    remedy: remedy === null ? null : own(remedy),
    remedyText: remedy === null ? null : remedyText(remedy),
    isAdded: context.isAdded,
    energy: context.isSeen ? 'measured' : 'elsewhere',
    counts: report?.counts ?? 'proxyOnly',
    models: context.models.map(modelView),
    inFlight: report?.inFlight ?? null,
    waiting: report?.waiting ?? null,
    canUnload: server.unload !== null,
    lastAnswerS: server.answeredMs === null ? null : Math.floor((server.answeredMs + context.wallOffsetMs) / 1_000),
    behind: context.behind,
  }
}

function modelView(held: HeldModel): ServerModel {
  return {
    id: held.modelId,
    name: held.name,
    family: held.family,
    parameters: held.parameters,
    quantisation: held.quantisation,
    memoryBytes: held.memoryBytes,
    deviceBytes: held.deviceBytes,
    device: held.device,
    contextTokens: held.contextTokens,
    expiresS: held.expiresMs === null ? null : Math.floor(held.expiresMs / 1_000),
    state: held.state,
    isRemote: held.isRemote,
    inFlight: held.inFlight,
    tokensPerS: null,
  }
}

/** The contract's arrays are its reader's own. */
function own(remedy: Remedy): ServerView['remedy'] {
  return remedy.kind === 'command' ? { ...remedy, argv: [...remedy.argv] } : remedy
}
