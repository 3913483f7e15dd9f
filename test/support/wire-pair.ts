import { type Contract, contract } from '../../contract/index.ts'
import { WireClient, type WireNotices } from '../../contract/wire.ts'
import { type Served, Sessions } from '../../engine/socket/sessions.ts'

const utf8 = new TextEncoder()

export const hello = { version: '9.9.9', pid: 4_711, startedS: 1_790_000_000, protocol: 1 }

export type WirePair = {
  readonly client: WireClient<Contract>
  readonly sessions: Sessions
  readonly bugs: string[]
  /** Everything that the engine's end sent, as text. */
  readonly sent: string[]
  /** What a peer that is not our client sends. */
  inject(bytes: Uint8Array | string): void
  /** As if the peer had not read for a while. */
  setUnread(bytes: number): void
  isClosed(): boolean
}

/** Both ends of the contract joined without a transport: what one sends the other receives at once. */
export function wirePair(served: Served, notices: WireNotices = {}): WirePair {
  const bugs: string[] = []
  const sent: string[] = []
  let unread = 0
  let closed = false
  const client = new WireClient(contract, notices)
  const sessions = new Sessions({ served, hello, onBug: (method) => bugs.push(method) })
  const toEngine: Uint8Array[] = []
  let receive = (chunk: Uint8Array): void => {
    toEngine.push(chunk)
  }
  client.open({ send: (text) => receive(utf8.encode(text)), close: () => session.lost() })
  const session = sessions.accept({
    send: (text) => {
      sent.push(text)
      client.receive(utf8.encode(text))
    },
    close: () => {
      closed = true
      client.lost('closed')
    },
    unreadBytes: () => unread,
  })
  receive = (chunk) => session.receive(chunk)
  for (const chunk of toEngine) session.receive(chunk)
  return {
    client,
    sessions,
    bugs,
    sent,
    inject: (bytes) => session.receive(typeof bytes === 'string' ? utf8.encode(bytes) : bytes),
    setUnread: (bytes) => {
      unread = bytes
    },
    isClosed: () => closed,
  }
}
