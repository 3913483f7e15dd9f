import type { z } from 'zod'
import { ok, type Problem, problem, type Result } from '../../../contract/result.ts'
import type { ContactFault, HttpAnswer } from '../../host/host.ts'
import type { MeterFault, MeterLine } from './dialect.ts'

export type Headers = Readonly<Record<string, string>>
type Answered = Result<HttpAnswer, MeterFault>

/** Asks for a page; every answer but a good one is a problem. */
export async function askPage(line: MeterLine, path: string, headers: Headers = {}): Promise<Answered> {
  const answer = await line.contact.ask(path, { headers: { accept: 'application/json, text/plain', ...headers } })
  return answer.ok ? judged(answer.value) : contactProblem(answer)
}

export async function askJson<T>(
  line: MeterLine,
  path: string,
  shape: z.ZodType<T>,
  headers: Headers = {},
): Promise<Result<T, MeterFault>> {
  const page = await askPage(line, path, headers)
  return page.ok ? parseJson(page.value.body, shape) : page
}

export function judged(answer: HttpAnswer): Answered {
  const { status } = answer
  if (status >= 200 && status < 300) return ok(answer)
  if (status === 401 || status === 403) return denied()
  if (status === 404) return problem('absent', 'it knows no such page (404); it may be of another kind than was chosen')
  return problem('broken', `it answered with HTTP status ${status}`)
}

export function denied(): Problem<'denied'> {
  return problem('denied', 'it wants a name and password or a token, or other ones than it was given', {
    kind: 'setting',
    path: 'Wall meters',
  })
}

export function parseJson<T>(text: string, shape: z.ZodType<T>): Result<T, MeterFault> {
  const parsed = shape.safeParse(jsonOf(text))
  if (parsed.success) return ok(parsed.data)
  const isPage = /^\s*</.test(text)
  return problem(
    'broken',
    isPage ? 'it answered with a web page instead of its figures' : 'its answer is not what meters of its kind say',
  )
}

export function contactProblem(fault: Problem<ContactFault | 'denied'>): Problem<MeterFault> {
  const reason = fault.reason.replace(/\.$/, '')
  if (fault.code === 'untrusted') return problem('denied', reason, CHECK)
  if (fault.code === 'denied') return problem('denied', reason, denied().remedy)
  return problem(fault.code === 'tooLarge' || fault.code === 'redirected' ? 'broken' : 'absent', reason)
}

const CHECK = {
  kind: 'setting',
  path: 'Wall meters',
  note: 'Test the meter again: if its certificate was renewed, forget the old one and compare the new one.',
} as const

/** RFC 7617: UTF-8, then base64. */
export function basic({ options, secret }: MeterLine, user = 'admin'): Headers {
  if (secret === null) return {}
  const bytes = new TextEncoder().encode(`${options.user ?? user}:${secret}`)
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }
}

export function bearer({ secret }: MeterLine): Headers {
  return secret === null ? {} : { authorization: `Bearer ${secret}` }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
