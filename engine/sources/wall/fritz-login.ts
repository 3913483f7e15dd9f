/** What `login_sid.lua` says: the session (16 zeros where there is none), what to answer, and for how long nobody may try. */
export type FritzGreeting = { readonly sid: string; readonly challenge: string; readonly blockS: number }

export function parseSession(xml: string): FritzGreeting | null {
  const sid = /<SID>([0-9a-f]{16})<\/SID>/i.exec(xml)?.[1]
  const challenge = /<Challenge>([^<]{0,400})<\/Challenge>/.exec(xml)?.[1]
  if (sid === undefined || challenge === undefined) return null
  return { sid, challenge, blockS: Number(/<BlockTime>(\d{1,6})<\/BlockTime>/.exec(xml)?.[1] ?? 0) }
}

/** A box asks for 60,000 and 6,000; one that asks for a thousand times more wants to keep us busy. */
const MOST_ITERATIONS = 1_000_000

/**
 * Answer to a challenge of the second version, `2$iterations$salt$iterations$salt`: PBKDF2-HMAC-SHA256 twice. `null` for the first version,
 * whose MD5 is not spoken. AVM, "Session-IDs im FRITZ!Box Webinterface"
 */
export async function answerLogin(challenge: string, secret: string): Promise<string | null> {
  const [, first, firstSalt, second, secondSalt] =
    /^2\$(\d{1,9})\$([0-9a-f]{2,128})\$(\d{1,9})\$([0-9a-f]{2,128})$/i.exec(challenge) ?? []
  if (first === undefined || firstSalt === undefined || second === undefined || secondSalt === undefined) return null
  const counts = [Number(first), Number(second)] as const
  if (!counts.every((count) => count >= 1 && count <= MOST_ITERATIONS)) return null
  const inner = await derive(new TextEncoder().encode(secret), bytesOf(firstSalt), counts[0])
  const outer = await derive(inner, bytesOf(secondSalt), counts[1])
  return `${secondSalt}$${Array.from(outer, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

async function derive(
  password: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 256))
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
