/**
 * Scheme, host and port of an address, in the one way in which they are written everywhere; `null` where it has no host. Browsers of before
 * 2024 have no `URL.canParse` and see no host in schemes that are not the web's (`tcp:`, `mqtt:`), so those are read as the web's.
 */
export function originOf(address: string): string | null {
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/is.exec(address) ?? []
  const isWeb = /^https?$/i.test(scheme)
  const url = parsed(isWeb ? address : `http://${rest}`)
  if (scheme === '' || url === null || url.hostname === '') return null
  if (isWeb) return `${url.protocol}//${url.host}`
  const port = /:(\d{1,5})\/?$/.exec(rest)?.[1]
  return `${scheme.toLowerCase()}://${url.hostname}${port === undefined ? '' : `:${Number(port)}`}`
}

function parsed(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
