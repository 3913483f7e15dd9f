import type { HostFiles } from '../host/host.ts'
import { LISTEN, type Listening, parseAddress } from './listening.ts'

/**
 * Of other accounts' processes the kernel shows no descriptors (proc(5): they need ptrace access), as of Ollama's own service on most machines. But
 * it shows everybody which account each socket belongs to: one that listens on a port of the app, for the account of one of its processes,
 * is taken for that app's. Only in our own network; of several such processes the first stands for all, since it began the others.
 */
export function foreignListeners(files: HostFiles, portsByPid: ReadonlyMap<number, readonly number[]>): Listening[] {
  const found = new Map<string, Listening>()
  let sockets: readonly OwnedSocket[] | null = null
  for (const pid of [...portsByPid.keys()].toSorted((a, b) => a - b)) {
    const descriptors = files.list(`/proc/${pid}/fd`)
    if (descriptors.ok || descriptors.code !== 'denied') continue
    const owner = files.owner(`/proc/${pid}`)
    if (!owner.ok) continue
    sockets ??= ownedSockets(files)
    for (const { uid, address, port } of sockets) {
      const key = `${uid} ${port}`
      if (uid !== owner.value.uid || portsByPid.get(pid)?.includes(port) !== true || found.has(key)) continue
      found.set(key, { pid, address, port })
    }
  }
  return [...found.values()]
}

type OwnedSocket = Omit<Listening, 'pid'> & { readonly uid: number }

function ownedSockets(files: HostFiles): OwnedSocket[] {
  return ['tcp', 'tcp6'].flatMap((table) => {
    const text = files.text(`/proc/self/net/${table}`)
    return (text.ok ? text.value.split('\n') : []).flatMap((line): OwnedSocket[] => {
      const [, local = '', , state, , , , uid = ''] = line.trim().split(/\s+/)
      const socket = state === LISTEN && /^\d+$/.test(uid) ? parseAddress(local) : null
      return socket === null ? [] : [{ ...socket, uid: Number(uid) }]
    })
  })
}
