import { type Branch, FAULTS } from './branch.ts'
import { durationMs } from './duration.ts'
import type { Machine } from './machine.ts'
import type { ProcessState } from './processes.ts'
import type { RigServer } from './schema-servers.ts'

/** Of the listening socket, which its process has open. */
const SOCKET_DESCRIPTOR = 3
const FIRST_INODE = 70_000
/** All processes of a rig share one network. */
const NAMESPACE = 'net:[4026531840]'
const PATH = /^\/proc\/(\d+|self)\/(fd|net\/tcp6?|ns\/net)(?:\/(\d+))?$/
const HEADER =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     '

/** Sockets of servers: which descriptor holds which inode, and where that listens (proc_pid_net(5), net/ipv4/tcp_ipv4.c). */
export function socketBranch(machine: Machine): Branch {
  const { rig } = machine
  const listening = () =>
    rig.servers.flatMap((server, index) => {
      const process = listenerOf(machine, server)
      return process === null ? [] : [{ server, inode: FIRST_INODE + index, process }]
    })

  function ownSockets(pid: string): { readonly descriptor: string; readonly inode: number }[] {
    return listening()
      .filter(({ process }) => process.pid === Number(pid))
      .map(({ inode }, index) => ({ descriptor: String(SOCKET_DESCRIPTOR + SPACE * index), inode }))
  }

  function isForeign(pid: string): boolean {
    const uid = machine.living().get(Number(pid))?.spec.uid
    return rig.meterUid !== 0 && uid !== rig.meterUid
  }

  return {
    file(path) {
      const [, pid = '', what = ''] = PATH.exec(path) ?? []
      if (!what.startsWith('net/') || (pid !== 'self' && !machine.living().has(Number(pid)))) return null
      return () => (what === 'net/tcp6' ? `${HEADER}\n` : tcpTable(listening()))
    },
    names(path) {
      const [, pid = '', what = '', descriptor] = PATH.exec(path) ?? []
      if (what !== 'fd' || descriptor !== undefined || pid === 'self' || isForeign(pid)) return null
      const own = ownSockets(pid)
      return own.length === 0 ? null : own.map((socket) => socket.descriptor)
    },
    link(path) {
      const [, pid = '', what = '', descriptor] = PATH.exec(path) ?? []
      if (what === 'ns/net') {
        if (pid !== 'self' && !machine.living().has(Number(pid))) return FAULTS.absent
        return pid !== 'self' && isForeign(pid) ? FAULTS.denied : NAMESPACE
      }
      if (what !== 'fd' || pid === 'self' || isForeign(pid)) return null
      const socket = ownSockets(pid).find((one) => one.descriptor === descriptor)
      return socket === undefined ? null : `socket:[${socket.inode}]`
    },
    ownerUid: () => null,
  }
}

/** Descriptors of cards lie between those of sockets. */
const SPACE = 10

/** The living process that holds a server's socket now; `null` while nobody answers there. */
export function listenerOf(machine: Machine, { process, from, until }: RigServer): ProcessState | null {
  const isOpen = machine.atMs >= durationMs(from) && (until === undefined || machine.atMs < durationMs(until))
  if (process === undefined || !isOpen) return null
  for (const one of machine.living().values()) if (one.spec.name === process && one.phase === 'alive') return one
  return null
}

type Socket = { readonly server: RigServer; readonly inode: number; readonly process: ProcessState }

function tcpTable(sockets: readonly Socket[]): string {
  const lines = sockets.map(({ server, inode, process }, index) => {
    const address = server.address === '0.0.0.0' ? '00000000' : '0100007F'
    const port = server.port.toString(16).toUpperCase().padStart(4, '0')
    const queues = '00000000:00000000 00:00000000 00000000'
    const uid = String(process.spec.uid).padStart(5)
    return `${String(index).padStart(4)}: ${address}:${port} 00000000:0000 0A ${queues} ${uid}        0 ${inode} 1 0000000000000000 100 0 0 10 0`
  })
  return [HEADER, ...lines].map((line) => `${line}\n`).join('')
}
