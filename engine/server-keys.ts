import type { Result } from '../contract/result.ts'
import type { SecretsFile } from './store/secrets-file.ts'

/** Keys of servers: kept as secrets are, and remembered while the engine runs, since a server may be asked every second. */
export interface ServerKeys {
  /** `null` where it has none, or none that can be read. */
  keyOf(origin: string): string | null
  keep(origin: string, key: string): Result<null, 'denied' | 'notWritable'>
  forget(origin: string): Result<null, 'denied' | 'notWritable'>
}

/** `null` where there is no data directory to keep them in. */
export function serverKeys(secrets: SecretsFile | null): ServerKeys | null {
  if (secrets === null) return null
  const known = new Map<string, string | null>()
  const nameOf = (origin: string) => `server/${origin}`
  return {
    keyOf(origin) {
      const key = known.get(origin)
      if (key !== undefined) return key
      const secret = secrets.secret(nameOf(origin))
      // A keyring that is still locked is asked again.
      if (secret.ok) known.set(origin, secret.value)
      return secret.ok ? secret.value : null
    },
    keep(origin, key) {
      known.delete(origin)
      return secrets.keep(nameOf(origin), key)
    },
    forget(origin) {
      known.delete(origin)
      return secrets.forget(nameOf(origin))
    },
  }
}

/** Where a metering proxy answers: `11435` and `127.0.0.1:11435` are the same. */
export function originOfListener(listen: string): string {
  const [, host, port] = /^(?:(.+):)?(\d+)$/.exec(listen) ?? []
  return `http://${host ?? '127.0.0.1'}:${port ?? listen}`
}
