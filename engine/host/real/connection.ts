import type { Socket } from 'node:net'
import { ok, problem, type Result } from '../../../contract/result.ts'
import type { ContactFault } from '../host.ts'

/** How the other end proves who it is, where the address is one with TLS. */
export type Certificate = { readonly sha256: string; readonly isTrusted: boolean }
export type Connected = { readonly socket: Socket; readonly certificate: Certificate | null }

const TLS: ReadonlySet<string> = new Set(['https:', 'mqtts:'])
const USUAL_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'mqtt:': 1883, 'mqtts:': 8883 }

/**
 * Connects to exactly this host and port. Over TLS any certificate is taken and told: the caller judges it before it sends a byte, since
 * Node's own check cannot accept a certificate that nobody but the user vouches for. Node's modules are taken when first asked for: most
 * engines never use them.
 */
export function connect(target: URL, abort: AbortSignal): Promise<Result<Connected, ContactFault>> {
  const host = target.hostname.replace(/^\[|\]$/g, '')
  const isTls = TLS.has(target.protocol)
  const port = Number(target.port) || (USUAL_PORTS[target.protocol] ?? 0)
  const isName = !process.getBuiltinModule('node:net').isIP(host)
  return new Promise((resolve) => {
    const socket = isTls
      ? process
          .getBuiltinModule('node:tls')
          .connect({ host, port, rejectUnauthorized: false, ...(isName ? { servername: host } : {}) })
      : process.getBuiltinModule('node:net').connect({ host, port })
    const end = () => {
      socket.destroy()
      resolve(problem('broken', 'was given up'))
    }
    abort.addEventListener('abort', end, { once: true })
    socket.once('close', () => abort.removeEventListener('abort', end))
    socket.once('error', (error) => resolve(connectFault(error)))
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      socket.on('error', () => {})
      resolve(ok({ socket, certificate: 'getPeerCertificate' in socket ? certificateOf(socket, host) : null }))
    })
  })
}

function certificateOf(socket: import('node:tls').TLSSocket, host: string): Certificate {
  const shown = socket.getPeerCertificate()
  const fingerprint: string | undefined = shown.fingerprint256
  const isOfHost = process.getBuiltinModule('node:tls').checkServerIdentity(host, shown) === undefined
  return {
    sha256: (fingerprint ?? '').replaceAll(':', '').toLowerCase(),
    isTrusted: socket.authorized && isOfHost,
  }
}

function connectFault(error: Error): Result<never, ContactFault> {
  const code = 'code' in error ? error.code : undefined
  if (code === 'ECONNREFUSED') return problem('refused', 'does not listen')
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return problem('refused', 'is no name that this network knows')
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EHOSTDOWN') {
    return problem('refused', 'cannot be reached on this network')
  }
  return problem('broken', 'broke off')
}
