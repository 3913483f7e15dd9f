import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import type { Page } from 'playwright'
import type { Answers } from './fixtures.ts'

const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

/** Serves a built renderer on loopback, so that pages run under their own content security policy. */
export async function serveRenderer(folder: string): Promise<{ origin: string; close: () => void }> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    readFile(join(folder, path)).then(
      (body) => response.writeHead(200, { 'content-type': types[extname(path)] ?? 'text/plain' }).end(body),
      () => response.writeHead(path === '/favicon.ico' ? 204 : 404).end(),
    )
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() }
}

/** Puts a bridge on the page that answers from `answers`; `window.emit(name, payload)` tells an event. */
export async function playAnswers(page: Page, answers: Answers): Promise<void> {
  await page.addInitScript((fixed: Record<string, unknown>) => {
    const handlersByEvent = new Map<string, Set<(payload: unknown) => void>>()
    const calls: { name: string; input: unknown }[] = []
    const settings = () => fixed.settings as { ok: boolean; value: object } | undefined
    const perwatt = {
      platform: 'linux',
      async call(name: string, input: object) {
        calls.push({ name, input })
        if (name === 'changeSettings' && settings()?.ok === true) {
          fixed.settings = { ok: true, value: { ...settings()?.value, ...input } }
          emit('settingsChanged', (fixed.settings as { value: object }).value)
          return fixed.settings
        }
        return fixed[name] ?? { ok: false, code: 'failed', reason: `No answer to ${name} in this scene.`, remedy: null }
      },
      on(name: string, handler: (payload: unknown) => void) {
        const handlers = handlersByEvent.get(name) ?? new Set()
        handlersByEvent.set(name, handlers.add(handler))
        return () => handlers.delete(handler)
      },
    }
    const emit = (name: string, payload: unknown) => {
      for (const handler of handlersByEvent.get(name) ?? []) handler(payload)
    }
    Object.assign(globalThis, { perwatt, emit, calls })
  }, answers)
}
