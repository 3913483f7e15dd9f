import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { ok, problem, type Result } from '../../contract/result.ts'

export type Place = { readonly host: string; readonly port: number }

/** `[HOST:]PORT`; without a host it is this machine alone. */
export function parseListen(text: string): Result<Place, 'badInput'> {
  const parts = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]+):)?(\d{1,5})$/.exec(text)
  const port = Number(parts?.[2])
  const host = (parts?.[1] ?? '127.0.0.1').replace(/^\[|\]$/g, '').replace(/^localhost$/i, '127.0.0.1')
  if (parts === null || port > 65_535 || isIP(host) === 0)
    return problem(
      'badInput',
      `"${text}" is no address to listen on: a port, or an IP address and a port, as in 127.0.0.1:11435.`,
    )
  return ok({ host, port })
}

/** `http://127.0.0.1:11434`: a server's address and nothing behind it. */
export function parseTarget(text: string): Result<Place, 'badAddress'> {
  const url = URL.parse(text)
  if (url === null || url.protocol !== 'http:' || url.hostname === '')
    return problem(
      'badAddress',
      `"${text}" is no address of a server, as in http://127.0.0.1:11434. https is not relayed.`,
    )
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.username !== '')
    return problem(
      'badAddress',
      `The address of a server ends with its port: ${url.protocol}//${url.host}. Paths stay in the client.`,
    )
  return ok({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) })
}

export function isLoopback(address: string): boolean {
  return /^(?:::ffff:)?127\./.test(address) || address === '::1'
}

/** Whether a host is this machine, by any of its names. A name that cannot be resolved is somewhere else. */
export async function isThisMachine(host: string): Promise<boolean> {
  const found = await lookup(host, { all: true }).catch(() => [])
  const own = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address))
  return found.some(
    ({ address }) => isLoopback(address) || /^(?:0\.0\.0\.0|::)$/.test(address) || own.includes(address),
  )
}

/** Whether a connection to `target`, which is this machine, may reach who listens on `listen`. */
export async function isSameHost(listen: string, target: string): Promise<boolean> {
  if (listen === '0.0.0.0' || listen === '::') return true
  const found = await lookup(target, { all: true }).catch(() => [])
  return found.some(({ address }) => address === listen || address === '0.0.0.0' || address === '::')
}

/** As it is written in front of a port. */
export function hostAndPort({ host, port }: Place): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
