/** What a server asks of a client that has not yet said who it is. */
export type Challenge = { readonly realm: string; readonly nonce: string; readonly opaque: string | null }

/** RFC 7616 with SHA-256 and `qop=auth`; `null` where the header asks for anything else (MD5 is not spoken: no browser-grade hash has it). */
export function parseChallenge(header: string): Challenge | null {
  const scheme = /(?:^|,)\s*Digest\s+(.*)$/is.exec(header)?.[1]
  if (scheme === undefined) return null
  const fields = new Map<string, string>()
  for (const [, name, quoted, bare] of scheme.matchAll(/([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
    const key = name?.toLowerCase() ?? ''
    if (!fields.has(key)) fields.set(key, bare ?? quoted?.replace(/\\(.)/g, '$1') ?? '')
  }
  const [realm, nonce] = [fields.get('realm'), fields.get('nonce')]
  const isSpoken =
    fields.get('algorithm')?.toUpperCase() === 'SHA-256' && (fields.get('qop') ?? '').split(/\s*,\s*/).includes('auth')
  if (realm === undefined || nonce === undefined || !isSpoken) return null
  return { realm, nonce, opaque: fields.get('opaque') ?? null }
}

/** The header that answers a challenge for a GET of `path`. `count` is how often its nonce was used, from 1. */
export async function answerChallenge(
  challenge: Challenge,
  { user, secret, path, count, cnonce }: { user: string; secret: string; path: string; count: number; cnonce: string },
): Promise<string> {
  const { realm, nonce, opaque } = challenge
  const nc = count.toString(16).padStart(8, '0')
  const who = await sha256(`${user}:${realm}:${secret}`)
  const what = await sha256(`GET:${path}`)
  const response = await sha256(`${who}:${nonce}:${nc}:${cnonce}:auth:${what}`)
  const fields = [
    ['username', user],
    ['realm', realm],
    ['nonce', nonce],
    ['uri', path],
    ['cnonce', cnonce],
    ['response', response],
    ...(opaque === null ? [] : [['opaque', opaque]]),
  ].map(([name, value]) => `${name}="${value?.replace(/["\\]/g, '\\$&')}"`)
  return `Digest ${fields.join(', ')}, qop=auth, nc=${nc}, algorithm=SHA-256`
}

export function freshNonce(): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(16)))
}

async function sha256(text: string): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
