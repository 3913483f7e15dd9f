import type { HostFiles } from '../host/host.ts'

/** A port on which a process of this machine waits for connections. */
export type Listening = { readonly pid: number; readonly address: string; readonly port: number }

/** State of a listening socket in /proc/net/tcp (include/net/tcp_states.h). */
export const LISTEN = '0A'
/** Descriptors that are looked at of one process: servers listen on their first ones. */
const MOST_DESCRIPTORS = 4_096

/**
 * On which ports these processes listen, by the sockets that they hold: /proc/PID/fd names socket inodes, /proc/PID/net/tcp the addresses
 * of those in its network namespace (proc_pid_net(5)). Processes in another namespace than ours are left out: their ports are not ours to ask.
 */
export function listeningPorts(files: HostFiles, pids: readonly number[]): Listening[] {
  const ourNamespace = files.link('/proc/self/ns/net')
  const tables = new Map<string, ReadonlyMap<string, Omit<Listening, 'pid'>>>()
  const found: Listening[] = []
  for (const pid of pids) {
    const namespace = files.link(`/proc/${pid}/ns/net`)
    if (ourNamespace.ok && namespace.ok && namespace.value !== ourNamespace.value) continue
    const key = namespace.ok ? namespace.value : ''
    let table = tables.get(key)
    if (table === undefined) {
      table = listeningSockets(files, pid)
      tables.set(key, table)
    }
    if (table.size === 0) continue
    for (const inode of socketsOf(files, pid)) {
      const socket = table.get(inode)
      if (socket !== undefined) found.push({ pid, ...socket })
    }
  }
  return found.toSorted((a, b) => reach(a) - reach(b))
}

/**
 * IPv4 and narrow addresses first: where two processes listen on one port, the kernel leads to the one that names the address; where one listens
 * on both loopbacks, it is one server.
 */
function reach({ address }: Listening): number {
  const isWide = address === '0.0.0.0' || address === '::'
  return (address.includes(':') ? 2 : 0) + (isWide ? 1 : 0)
}

function listeningSockets(files: HostFiles, pid: number): ReadonlyMap<string, Omit<Listening, 'pid'>> {
  const sockets = new Map<string, Omit<Listening, 'pid'>>()
  for (const table of ['tcp', 'tcp6']) {
    const text = files.text(`/proc/${pid}/net/${table}`)
    for (const line of text.ok ? text.value.split('\n') : []) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
      const socket = state === LISTEN && local !== undefined ? parseAddress(local) : null
      if (socket !== null && inode !== undefined) sockets.set(inode, socket)
    }
  }
  return sockets
}

function* socketsOf(files: HostFiles, pid: number): Iterable<string> {
  const names = files.list(`/proc/${pid}/fd`)
  for (const name of names.ok ? names.value.slice(0, MOST_DESCRIPTORS) : []) {
    const target = files.link(`/proc/${pid}/fd/${name}`)
    const inode = target.ok ? /^socket:\[(\d+)\]$/.exec(target.value)?.[1] : undefined
    if (inode !== undefined) yield inode
  }
}

/** `0100007F:2CCA`: words of the address in the machine's byte order (little endian on all that we run on), the port in network order. */
export function parseAddress(text: string): Omit<Listening, 'pid'> | null {
  const [, hex = '', portHex = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text) ?? []
  if (hex === '') return null
  const bytes =
    hex
      .match(/.{8}/g)
      ?.flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16))) ?? []
  const port = Number.parseInt(portHex, 16)
  if (bytes.length === 4) return { address: bytes.join('.'), port }
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  if (isMapped) return { address: bytes.slice(12).join('.'), port }
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  )
  return {
    address: groups
      .join(':')
      .replace(/^(?:0:){7}/, '::')
      .replace('::0', '::'),
    port,
  }
}

/** Where this machine asks a server that listens there; `null` where it listens on an address that is not the loopback's. */
export function loopbackOrigin({ address, port }: Pick<Listening, 'address' | 'port'>): string | null {
  if (address === '0.0.0.0' || address === '::') return `http://127.0.0.1:${port}`
  if (address.startsWith('127.')) return `http://${address}:${port}`
  return address === '::1' ? `http://[::1]:${port}` : null
}
