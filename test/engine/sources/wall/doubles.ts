import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Meters as their documentation describes them (reference pages of Shelly, Tasmota, HomeWizard, AVM and NUT, named in each source file):
 * none of them can be had on a test machine. Each checks who asks as the real one does, by code of its own.
 */
export const SECRET = 'pass "word" & 100% \u00e9'

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Answers by path; 404 for others. */
export function pages(byPath: Readonly<Record<string, unknown>>): RequestListener {
  return (request, response) => {
    const path = request.url ?? ''
    if (Object.hasOwn(byPath, path)) json(response, byPath[path])
    else response.writeHead(404).end('Not found')
  }
}

/** Only for whoever says `Basic user:secret`. */
export function behindBasic(user: string, inner: RequestListener, secret = SECRET): RequestListener {
  const expected = `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
  return (request, response) => {
    if (request.headers.authorization === expected) inner(request, response)
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="meter"' }).end('Unauthorized')
  }
}

export function behindBearer(token: string, inner: RequestListener): RequestListener {
  return (request, response) => {
    if (request.headers.authorization === `Bearer ${token}`) inner(request, response)
    else response.writeHead(401).end('401: Unauthorized')
  }
}

/** Digest by RFC 7616 as Shelly's second generation asks for it; a nonce serves `uses` requests, each with a higher count. */
export function behindDigest(
  inner: RequestListener,
  uses: number,
  secret = SECRET,
): RequestListener & { refusals: number } {
  const realm = 'shellyplusplugs-a1b2c3'
  let nonce = ''
  let lastCount = 0
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const listener: RequestListener = (request, response) => {
    const fields = fieldsOf(request)
    const count = Number.parseInt(fields.nc ?? '', 16)
    const [who, what] = [sha256(`admin:${realm}:${secret}`), sha256(`${request.method}:${request.url}`)]
    const expected = sha256(`${who}:${nonce}:${fields.nc}:${fields.cnonce}:auth:${what}`)
    const isFresh = nonce !== '' && fields.nonce === nonce && count > lastCount && count <= uses
    if (isFresh && fields.response === expected && fields.username === 'admin' && fields.uri === request.url) {
      lastCount = count
      inner(request, response)
      return
    }
    result.refusals++
    nonce = randomBytes(8).toString('hex')
    lastCount = 0
    const challenge = `Digest qop="auth", realm="${realm}", nonce="${nonce}", algorithm=SHA-256`
    response.writeHead(401, { 'www-authenticate': challenge }).end()
  }
  const result = Object.assign(listener, { refusals: 0 })
  return result
}

function fieldsOf(request: IncomingMessage): Record<string, string> {
  const header = request.headers.authorization ?? ''
  return Object.fromEntries(
    [...header.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)].map(([, name = '', quoted, bare]) => [
      name,
      quoted ?? bare ?? '',
    ]),
  )
}

export type FritzDouble = RequestListener & { logins(): number; endSessions(): void }

/** A box with one plug, FRITZ!OS 7.24 or later; counts logins. */
export function fritzBox(options: {
  user: string
  blockS?: number
  challenge?: string
  powermeter?: string
}): FritzDouble {
  const [salt1, salt2] = ['5a1711', '2000']
  const challenge = options.challenge ?? `2$6000$${salt1}$600$${salt2}`
  const inner = pbkdf2Sync(SECRET, Buffer.from(salt1, 'hex'), 6_000, 32, 'sha256')
  const expected = `${salt2}$${pbkdf2Sync(inner, Buffer.from(salt2, 'hex'), 600, 32, 'sha256').toString('hex')}`
  let sid = '0000000000000000'
  let logins = 0
  const meter = options.powermeter ?? '<voltage>230123</voltage><power>86420</power><energy>12345</energy>'
  const listener: RequestListener = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://box')
    if (pathname === '/login_sid.lua') {
      const isLogin = searchParams.has('response')
      if (isLogin) logins++
      const isRight = searchParams.get('response') === expected && searchParams.get('username') === options.user
      if (isLogin && isRight) sid = randomBytes(8).toString('hex')
      const shown = isLogin && isRight ? sid : '0000000000000000'
      response.end(
        `<?xml version="1.0" encoding="utf-8"?><SessionInfo><SID>${shown}</SID><Challenge>${challenge}</Challenge><BlockTime>${options.blockS ?? 0}</BlockTime><Rights></Rights></SessionInfo>`,
      )
    } else if (sid === '0000000000000000' || searchParams.get('sid') !== sid) response.writeHead(403).end()
    else {
      response.end(
        `<devicelist version="1"><device identifier="11657 0123456" id="17" functionbitmask="2944" productname="FRITZ!DECT 200"><present>1</present><name>PC &amp; screen</name><powermeter>${meter}</powermeter></device><device identifier="09995 0000001"><present>1</present><name>Radiator</name></device></devicelist>`,
      )
    }
  }
  return Object.assign(listener, {
    logins: () => logins,
    endSessions() {
      sid = '0000000000000000'
    },
  })
}

/** upsd with these variables; asks for name and password where `user` is given. */
export function upsd(ups: Readonly<Record<string, Readonly<Record<string, string>>>>, user?: string) {
  return (socket: Socket) => {
    let [rest, name, isIn] = ['', '', user === undefined]
    socket.on('data', (bytes) => {
      const lines = (rest + bytes.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) answer(line)
    })
    function answer(line: string): void {
      const [verb, what, of = ''] = line.split(' ')
      if (verb === 'USERNAME') {
        name = line.slice(10, -1)
        socket.write('OK\n')
      } else if (verb === 'PASSWORD') {
        isIn = name === user && line.slice(10, -1) === 'upspass'
        socket.write('OK\n')
      } else if (!isIn) socket.write('ERR ACCESS-DENIED\n')
      else if (what === 'UPS') {
        socket.write('BEGIN LIST UPS\n')
        for (const one of Object.keys(ups)) socket.write(`UPS ${one} "A \\"good\\" UPS"\n`)
        socket.write('END LIST UPS\n')
      } else if (ups[of] === undefined) socket.write('ERR UNKNOWN-UPS\n')
      else {
        socket.write(`BEGIN LIST VAR ${of}\n`)
        for (const [variable, value] of Object.entries(ups[of])) socket.write(`VAR ${of} ${variable} "${value}"\n`)
        socket.write(`END LIST VAR ${of}\n`)
      }
    }
  }
}
