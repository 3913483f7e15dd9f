import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { llamaGenerate } from './generator.ts'
import { parametersOf, TINY } from './gguf.ts'
import { llamaServerPages } from './llama-server-dialect.ts'
import { ollamaAnswer, ollamaPages } from './ollama-dialect.ts'
import { openaiAnswer } from './openai-dialect.ts'
import { Serving } from './serving.ts'

/**
 * A server in front of a real llama.cpp, in the dialects of Ollama and of llama-server (as read at ollama fb307609 and llama.cpp b10519); the
 * name of its executable says which of the two it is. Says on stdout on which port it listens. Nothing in an answer depends on when it was
 * given: the same question has the same answer, byte for byte.
 */
const { values } = parseArgs({
  options: { packages: { type: 'string', default: '' }, model: { type: 'string', default: '' } },
})
const serving = new Serving({
  name: `${TINY.name}:F32`,
  path: values.model,
  parameters: parametersOf(TINY),
  contextTokens: TINY.contextTokens,
  generate: await llamaGenerate(values.packages, values.model),
})
const pages: Readonly<Record<string, () => { type: string; body: string }>> = {
  ...ollamaPages(serving),
  ...llamaServerPages(serving),
}
const answers: Readonly<Record<string, typeof openaiAnswer>> = {
  '/v1/chat/completions': openaiAnswer,
  '/api/chat': ollamaAnswer,
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.sendDate = false
  const path = (request.url ?? '').split('?')[0] ?? ''
  const page = request.method === 'GET' ? pages[path] : undefined
  const answer = request.method === 'POST' ? answers[path] : undefined
  if (page !== undefined) {
    const { type, body } = page()
    response.writeHead(200, { 'content-type': type }).end(body)
  } else if (answer !== undefined) {
    const asked: Buffer[] = []
    for await (const bytes of request) asked.push(bytes)
    await answer(serving, Buffer.concat(asked).toString('utf8'), response)
  } else {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}')
  }
}

const server = createServer((request, response) => {
  serve(request, response).catch((error) => {
    console.error(error)
    response.destroy()
  })
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`)
})
