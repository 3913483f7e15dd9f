import { createHmac, timingSafeEqual } from 'node:crypto'
import { field, type Head } from './http-head.ts'
import { isText, type JsonObject, objectOf } from './tally.ts'

export type Identity = { readonly keyHash: string | null; readonly personHash: string | null }

export type IdentifyOptions = {
  /** The installation's own secret, under which identities are hashed. */
  readonly secret: Uint8Array
  /** The meter's own key, which all of its clients share and which names nobody. */
  readonly meterKey: string | null
  /** Secret of Open WebUI's signed header; without one its claims are taken as they are. */
  readonly webUiSecret: string | null
}

/** What clients send where no key is needed. */
const PLACEHOLDERS = new Set([
  ...['ollama', 'lm-studio', 'lmstudio', 'none', 'no-key', 'nokey', 'sk-no-key-required', 'dummy', 'empty', 'null'],
  ...['undefined', 'not-needed', 'no-key-required', 'sk-xxx', 'sk-none', 'local', 'test', 'key', 'x', 'na', 'n/a'],
])
const KEY_FIELDS = ['x-api-key', 'api-key', 'x-goog-api-key']
/** Open WebUI's headers (`ENABLE_FORWARD_USER_INFO_HEADERS`): the address is what other proxies forward too. */
const WEB_UI_FIELDS = ['x-openwebui-user-email', 'x-openwebui-user-id', 'x-openwebui-user-name']
/** Of proxies that check who comes. Anybody can write them, so that they count from this machine alone. */
const PROXY_FIELDS = [
  ...['x-forwarded-email', 'x-auth-request-email', 'cf-access-authenticated-user-email', 'tailscale-user-login'],
  ...['x-forwarded-user', 'x-auth-request-user', 'x-forwarded-preferred-username', 'remote-user'],
  ...['x-litellm-end-user-id', 'x-litellm-customer-id'],
]
const PERSON_FIELDS = new Set(['x-openwebui-user-jwt', ...WEB_UI_FIELDS, ...PROXY_FIELDS])
const HASH_DIGITS = 12

/** Who asks, by the head of the request. */
export function identityOf(head: Head, isFromHere: boolean, options: IdentifyOptions): Identity {
  const key = keyOf(head)
  const person = personIn(head, isFromHere, options)
  return {
    keyHash: key === null || key === options.meterKey ? null : hashed('key', key, options.secret),
    personHash: person === null ? null : personHashed(person, options.secret),
  }
}

/** Who asks, by the body: newest field first. */
export function personAsked(asked: JsonObject, secret: Uint8Array): string | null {
  const named = [asked.safety_identifier, asked.user, stablePart(objectOf(asked.metadata)?.user_id)].find(isPerson)
  return named === undefined ? null : personHashed(named, secret)
}

/** The key that a request came with; `null` for none, and for one of the words that mean none. */
export function keyOf(head: Head): string | null {
  const bearer = /^bearer\s+(.*)$/i.exec(field(head, 'authorization') ?? '')?.[1]
  const key = [bearer, ...KEY_FIELDS.map((name) => field(head, name))].find((each) => isText(each?.trim()))?.trim()
  return key === undefined || PLACEHOLDERS.has(key.toLowerCase()) ? null : key
}

function personIn(head: Head, isFromHere: boolean, { webUiSecret }: IdentifyOptions): string | null {
  // Most clients send none of some twenty fields, and it is looked at for every request.
  if (!head.fields.some(([name]) => PERSON_FIELDS.has(name))) return null
  const token = field(head, 'x-openwebui-user-jwt')
  const claims = token === null ? null : claimsOf(token, webUiSecret)
  const told = claims === null ? [] : [claims.email, claims.sub, claims.name]
  const named = WEB_UI_FIELDS.map((name) => unescaped(field(head, name)))
  const proxied = isFromHere ? PROXY_FIELDS.map((name) => field(head, name)) : []
  return [...told, ...named, ...proxied].find(isPerson) ?? null
}

/** Claims of an HS256 token. Where no secret is known they are believed like the plain headers that they stand for. */
function claimsOf(token: string, secret: string | null): JsonObject | null {
  const [head = '', body = '', signature = ''] = token.trim().split('.')
  if (secret !== null) {
    const expected = createHmac('sha256', secret).update(`${head}.${body}`).digest()
    const given = Buffer.from(signature, 'base64url')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  }
  try {
    return objectOf(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')))
  } catch {
    return null
  }
}

/** Coding agents append a session to it: `user_…_account_…_session_…`. */
function stablePart(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/_session_.*$/s, '') : value
}

/** Newer Open WebUI sends names percent-encoded, older ones as they are. */
function unescaped(value: string | null): string | null {
  if (value === null) return null
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function isPerson(value: unknown): value is string {
  return isText(value) && value.trim() !== '' && !PLACEHOLDERS.has(value.trim().toLowerCase())
}

/** The same address in two headers, or written in two ways, is one person. */
function personHashed(person: string, secret: Uint8Array): string {
  return hashed('person', person.trim().toLowerCase(), secret)
}

function hashed(kind: 'key' | 'person', value: string, secret: Uint8Array): string {
  return createHmac('sha256', secret).update(`${kind}:${value}`).digest('hex').slice(0, HASH_DIGITS)
}
