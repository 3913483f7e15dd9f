import { z } from 'zod'
import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import type { HttpAnswer } from '../host/host.ts'
import type { Ask, ServerFault } from './connector.ts'
import { type Exposition, readExposition } from './prometheus-text.ts'

/** A whole number of things; servers that count in floating point are rounded, nonsense is refused with the whole answer. */
export const Count = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER).transform(Math.round)

/** One question whose answer must be JSON of this shape; keys that the shape does not name are dropped. */
export async function askJson<T>(
  ask: Ask,
  path: string,
  shape: z.ZodType<T>,
  options?: Parameters<Ask>[1],
): Promise<Result<T, ServerFault>> {
  const answer = await askWell(ask, path, options)
  return answer.ok ? parsedJson(answer.value, shape) : answer
}

/** An answer with a good status, whatever its content. */
export async function askWell(
  ask: Ask,
  path: string,
  options?: Parameters<Ask>[1],
): Promise<Result<HttpAnswer, ServerFault>> {
  const answer = await ask(path, options)
  if (!answer.ok) return answer
  return statusFault(answer.value, path) ?? answer
}

/**
 * The same for finding out who answers: `null` where it answers anything else than this shape, whatever its status. A problem is only what
 * keeps it from answering at all.
 */
export async function recogniseJson<T>(
  ask: Ask,
  path: string,
  shape: z.ZodType<T>,
): Promise<Result<T | null, ServerFault>> {
  const answer = await ask(path)
  if (!answer.ok) return answer.code === 'foreign' ? ok(null) : answer
  if (answer.value.status !== 200) return ok(null)
  const parsed = parsedJson(answer.value, shape)
  return ok(parsed.ok ? parsed.value : null)
}

/** Prometheus text, of which the series of these names are read. */
export async function askMetrics(
  ask: Ask,
  path: string,
  names: Iterable<string>,
): Promise<Result<Exposition, ServerFault>> {
  const answer = await askWell(ask, path)
  return answer.ok ? readExposition(answer.value.body, names) : answer
}

/**
 * Counters that were there once are not switched off since: a look without them tells nothing, and the server is still the same. A report
 * without totals would let their whole past count as new when they are back.
 */
export function lostCounters(fault: Problem<ServerFault>): Problem<ServerFault> {
  return fault.code === 'foreign' ? problem('broken', fault.reason, fault.remedy) : fault
}

/** Asks a server to let go of a model: any good status is a yes. */
export async function askToUnload(ask: Ask, path: string, body: unknown): Promise<Result<null, ServerFault>> {
  const answer = await askWell(ask, path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    timeoutMs: UNLOAD_TIMEOUT_MS,
  })
  return answer.ok ? ok(null) : answer
}

/** Servers that wait for running requests before they answer take up to ten seconds. */
const UNLOAD_TIMEOUT_MS = 15_000

export function parsedJson<T>({ body }: HttpAnswer, shape: z.ZodType<T>): Result<T, ServerFault> {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return problem('foreign', 'It answers, but not with JSON.')
  }
  const parsed = shape.safeParse(value)
  return parsed.success ? ok(parsed.data) : problem('foreign', 'It answers, but not as this server does.')
}

/** What a status says before the content is looked at; `null` where it is good. */
export function statusFault({ status }: HttpAnswer, path: string): Problem<ServerFault> | null {
  if (status >= 200 && status < 300) return null
  if (status === 401 || status === 403) return wantsKey()
  if (status === 503) return problem('starting', 'It is loading, or takes no more requests for now.')
  const what = `It answers ${status} to ${path.replace(/\?.*/, '')}.`
  return status >= 500 && status !== 501 ? problem('broken', what) : problem('foreign', what)
}

export function wantsKey(): Problem<'denied'> {
  return problem('denied', 'It wants a key before it says what it does.', {
    kind: 'setting',
    path: 'Servers',
    note: 'Give its key there.',
  })
}
