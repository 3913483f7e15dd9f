import { AppId } from '../../../contract/ids.ts'
import { ok, problem } from '../../../contract/result.ts'
import type { HttpAnswer } from '../../../engine/host/host.ts'
import type { HubParts, ServingApp } from '../../../engine/servers/hub.ts'
import { MemoryHost } from '../../support/memory-host.ts'

type Answer = string | { readonly status: number; readonly body: string }

/** A machine in memory whose processes listen and answer as a test wrote it; it notes every question. */
export class ServingMachine extends MemoryHost {
  /** By address and path: "http://127.0.0.1:11434/api/ps". */
  readonly answers = new Map<string, Answer>()
  readonly asked: string[] = []
  readonly keys: (string | undefined)[] = []
  readonly #processes = new Map<number, { app: AppId; startTicks: number }>()
  readonly #sockets = new Map<number, { pid: number; address: string }>()
  #inode = 100

  override http: MemoryHost['http'] = (async (url: string, options?: { headers?: Record<string, string> }) => {
    this.asked.push(url)
    this.keys.push(options?.headers?.authorization)
    const origin = new URL(url).origin
    const answer = this.answers.get(url) ?? this.answers.get(url.replace(/\?.*/, ''))
    if (answer === undefined && ![...this.answers.keys()].some((one) => one.startsWith(`${origin}/`)))
      return problem('refused', 'Nobody listens there.')
    const { status, body } =
      typeof answer === 'string' ? { status: 200, body: answer } : (answer ?? { status: 404, body: 'Not Found' })
    return ok<HttpAnswer>({ status, headers: {}, body })
  }) as unknown as MemoryHost['http']

  /** @param listens addresses as /proc/net/tcp spells them: "0100007F:2CAA". */
  run(pid: number, app: string, listens: readonly string[], parent = 1): void {
    this.#processes.set(pid, { app: AppId.parse(app), startTicks: pid * 10 })
    this.write(`/proc/${pid}/stat`, `${pid} (a) name)) S ${parent} 1 1 0 -1 4194304 0 0\n`)
    this.links.set(`/proc/${pid}/ns/net`, 'net:[4026531840]')
    this.links.set('/proc/self/ns/net', 'net:[4026531840]')
    listens.forEach((address, at) => {
      this.#inode += 1
      this.#sockets.set(this.#inode, { pid, address })
      this.links.set(`/proc/${pid}/fd/${at + 3}`, `socket:[${this.#inode}]`)
    })
    this.#writeTables()
  }

  end(pid: number): void {
    this.#processes.delete(pid)
    for (const [inode, socket] of this.#sockets) if (socket.pid === pid) this.#sockets.delete(inode)
    for (const path of this.links.keys()) if (path.startsWith(`/proc/${pid}/`)) this.links.delete(path)
    this.#writeTables()
  }

  parts(apps: Readonly<Record<string, ServingApp>>, more: Partial<HubParts> = {}): HubParts {
    const processes = this.#processes
    return {
      host: this,
      connectors: [],
      processes: () => ({
        tracked: () => Array.from(processes, ([pid, { startTicks }]) => ({ pid, startTicks })),
        appOf: (pid) => processes.get(pid)?.app ?? null,
      }),
      servingApp: (app) => apps[app] ?? null,
      added: () => [],
      keyOf: () => null,
      ownOrigins: () => [],
      ...more,
    }
  }

  #writeTables(): void {
    const tables = { tcp: 8, tcp6: 32 }
    for (const pid of this.#processes.keys())
      for (const [table, digits] of Object.entries(tables)) {
        const lines = [...this.#sockets]
          .filter(([, { address }]) => address.indexOf(':') === digits)
          .map(([inode, { address }], at) => socketLine(at, address, inode))
        this.write(`/proc/${pid}/net/${table}`, ['  sl  local_address rem_address   st', ...lines, ''].join('\n'))
      }
  }
}

/** One line of /proc/net/tcp (net/ipv4/tcp_ipv4.c), listening. */
export function socketLine(at: number, local: string, inode: number, state = '0A'): string {
  const remote = `${'0'.repeat(local.indexOf(':'))}:0000`
  return `${String(at).padStart(4)}: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0000000000000000 100 0 0 10 0`
}
