import { ok, problem, type Result } from '../../../../contract/result.ts'

/** The port on which the meter answers; "" leaves it to the engine, which takes the one above the server's. */
export function parsePort(typed: string): Result<string | null, 'port'> {
  const text = typed.trim()
  if (text === '') return ok(null)
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? ok(String(port)) : problem('port', 'A port is a number from 1 to 65535.')
}

/** What the engine would take: the port above the server's own. */
export function portAbove(origin: string): string {
  const [, scheme, port] = /^(https?):\/\/.*?(?::(\d+))?$/.exec(origin) ?? []
  return String(Number(port ?? (scheme === 'https' ? 443 : 80)) + 1)
}

/** "11435" of "11435", "127.0.0.1:11435" and "[::1]:11435". */
export function portOf(listen: string): string {
  return /(\d+)$/.exec(listen)?.[1] ?? listen
}
