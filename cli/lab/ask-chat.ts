import { type IncomingMessage, request } from 'node:http'
import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import { chatBody, readStreamLine } from '../../engine/lab/chat-stream.ts'
import type { LabModel } from '../../engine/lab/plan.ts'
import type { Chat, ChatAnswer } from '../../engine/lab/world.ts'

/** A model may have to be loaded first; a server that says nothing for longer has hung. */
const SILENCE_MS = 180_000
const MAX_LINE_BYTES = 1_000_000

/**
 * One streamed chat with a server on loopback. Tokens are those of its own usage; where it reports none, pieces are counted, as an estimate.
 * Nothing of the answer is kept.
 */
export async function askChat(
  model: LabModel,
  chat: Chat,
  nowMs: () => number,
  stop: AbortSignal,
): Promise<Result<ChatAnswer, 'broken'>> {
  const beganMs = nowMs()
  let ttftMs: number | null = null
  let pieces = 0
  let promptTokens: number | null = null
  let outputTokens: number | null = null
  const fault = await eachLine(model, chatBody(model, chat), stop, (line) => {
    const part = readStreamLine(line, model.dialect)
    if (part === null) return null
    if (part.hasText) {
      ttftMs ??= nowMs() - beganMs
      pieces++
    }
    promptTokens = part.promptTokens ?? promptTokens
    outputTokens = part.outputTokens ?? outputTokens
    return part.error
  })
  if (fault !== null) return fault
  return ok({ ttftMs, promptTokens, outputTokens: outputTokens ?? pieces, isEstimate: outputTokens === null })
}

function eachLine(
  { origin, dialect, name }: LabModel,
  body: string,
  stop: AbortSignal,
  take: (line: string) => string | null,
): Promise<Problem<'broken'> | null> {
  return new Promise((resolve) => {
    const broken = (reason: string) => {
      resolve(problem('broken', `${origin} ${reason}.`))
      call.destroy()
    }
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
    const call = request(`${origin}${dialect.path}`, { method: 'POST', headers, agent: false, signal: stop })
    call.setTimeout(SILENCE_MS, () => broken(`said nothing for ${SILENCE_MS / 60_000} minutes`))
    call.on('error', (error) => broken(stop.aborted ? 'was asked no more' : `broke off (${error.message})`))
    call.on('response', (answer) => {
      const status = answer.statusCode ?? 0
      if (status !== 200) return broken(refusalOf(status, name))
      readLines(
        answer,
        (line) => {
          const error = take(line)
          if (error !== null) broken(`gave up on ${name}: ${error}`)
        },
        broken,
      )
      answer.on('end', () => resolve(null))
    })
    call.end(body)
  })
}

function refusalOf(status: number, name: string): string {
  if (status === 401 || status === 403) return 'wants a key, and the lab sends none'
  if (status === 404) return `has no model ${name}`
  return `answered with status ${status} for ${name}`
}

function readLines(answer: IncomingMessage, take: (line: string) => void, fail: (reason: string) => void): void {
  let rest = ''
  answer.setEncoding('utf8')
  answer.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_BYTES) return fail('sends a line without an end')
    for (const line of lines) take(line)
  })
  answer.on('end', () => {
    if (rest !== '') take(rest)
  })
  answer.on('error', () => fail('broke off in the middle'))
}
