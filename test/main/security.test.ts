import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { IpcMainInvokeEvent, Session, WebContents } from 'electron'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  CONTENT_SECURITY_POLICY,
  denyPermissions,
  fileOf,
  isOwnFrame,
  refuseNavigation,
  refuseNetwork,
  refuseNewWindows,
  refuseWebviews,
  serveFolder,
  windowPreferences,
} from '../../main/security.ts'
import { fcOptions } from '../support/counts.ts'

/** Remembers what a function of the checklist handed to Electron; only Electron itself is stood in for. */
function fakeSession() {
  const given: Record<string, (...args: never[]) => unknown> = {}
  const keep = (name: string) => (handler: (...args: never[]) => unknown) => {
    given[name] = handler
  }
  const session = {
    webRequest: { onBeforeRequest: keep('request') },
    setPermissionRequestHandler: keep('ask'),
    setPermissionCheckHandler: keep('check'),
    setDevicePermissionHandler: keep('device'),
    protocol: { handle: (_scheme: string, handler: (...args: never[]) => unknown) => keep('serve')(handler) },
  } as unknown as Session
  return { session, call: (name: string, ...args: unknown[]) => given[name]?.(...(args as never[])) }
}

test('1: a page gets nothing from any network, and what it is made of from us', () => {
  const { session, call } = fakeSession()
  refuseNetwork(session)
  const isCancelled = (url: string) => {
    let answer: unknown
    call('request', { url }, (decision: { cancel: boolean }) => {
      answer = decision.cancel
    })
    return answer
  }
  const refused = ['https://example.org/', 'http://127.0.0.1:11434/api/ps', 'file:///etc/passwd', 'ws://localhost/']
  for (const url of [...refused, 'perwatt://other/index.html', 'perwatt://app.evil/'])
    expect(isCancelled(url)).toBe(true)
  expect(isCancelled('perwatt://app/assets/index.js')).toBe(false)
})

test('2, 3, 4, 6, 8, 9, 10, 11: windows are sandboxed, isolated, and have no switch thrown', () => {
  const { session } = fakeSession()
  expect(windowPreferences(session, '/preload.cjs')).toMatchObject({
    preload: '/preload.cjs',
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    contextIsolation: true,
    sandbox: true,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    enableBlinkFeatures: '',
    webviewTag: false,
    spellcheck: false,
    devTools: false,
  })
})

test('5: every permission is denied, asked for or looked up', () => {
  const { session, call } = fakeSession()
  denyPermissions(session)
  let granted: unknown
  call('ask', null, 'notifications', (answer: boolean) => {
    granted = answer
  })
  expect([granted, call('check'), call('device')]).toEqual([false, false, false])
})

test('7: the policy allows nothing that is not named, and no code that is not in our files', () => {
  expect(CONTENT_SECURITY_POLICY).toMatch(/^default-src 'none'/)
  expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe-|https?:|\*|connect-src/)
})

test('12, 13, 14: webviews, navigation and new windows are refused', () => {
  const handlers = new Map<string, (event: { preventDefault(): void }) => void>()
  let openHandler: (() => unknown) | undefined
  const contents = {
    on: (name: string, handler: (event: { preventDefault(): void }) => void) => handlers.set(name, handler),
    setWindowOpenHandler: (handler: () => unknown) => {
      openHandler = handler
    },
  } as unknown as WebContents
  refuseWebviews(contents)
  refuseNavigation(contents)
  refuseNewWindows(contents)
  const prevented: string[] = []
  for (const [name, handler] of handlers) handler({ preventDefault: () => prevented.push(name) })
  expect(prevented).toEqual(['will-attach-webview', 'will-navigate', 'will-redirect'])
  expect(openHandler?.()).toEqual({ action: 'deny' })
})

test('15: nothing in main hands an address to the system', () => {
  const folder = fileURLToPath(new URL('../../main', import.meta.url))
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  expect(files).toContain('security.ts')
  expect(files.filter((name) => readFileSync(join(folder, name), 'utf8').includes('openExternal('))).toEqual([])
})

test('17: only the top frame of a page of ours is listened to', () => {
  const event = (url: string | null, isTop = true) => {
    const frame = url === null ? null : { url }
    return { senderFrame: frame, sender: { mainFrame: isTop ? frame : {} } } as unknown as IpcMainInvokeEvent
  }
  expect(isOwnFrame(event('perwatt://app/index.html'))).toBe(true)
  expect(isOwnFrame(event('perwatt://app/index.html', false))).toBe(false)
  expect(isOwnFrame(event('https://example.org/'))).toBe(false)
  expect(isOwnFrame(event('perwatt://app.example.org/'))).toBe(false)
  expect(isOwnFrame(event(null))).toBe(false)
})

test('18: files of the folder are served with their type and the policy, everything else is not there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-pages-'))
  writeFileSync(join(folder, 'index.html'), '<p>hello</p>')
  writeFileSync(join(folder, 'notes.txt'), 'of no known type')
  const { session, call } = fakeSession()
  serveFolder(session, folder)
  const ask = async (url: string, method = 'GET') => (await call('serve', { url, method })) as Response

  const page = await ask('perwatt://app/index.html')
  expect([page.status, await page.text()]).toEqual([200, '<p>hello</p>'])
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY)
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  const missing = ['perwatt://app/none.html', 'perwatt://app/notes.txt', 'perwatt://app/', 'perwatt://app/%']
  for (const url of missing) expect((await ask(url)).status).toBe(404)
  expect((await ask('perwatt://app/index.html', 'POST')).status).toBe(404)
  rmSync(folder, { recursive: true })
})

test('18: no address leads out of the folder', () => {
  const tricks = [
    '/../secret.html',
    '/..%2fsecret.html',
    '/%2e%2e/secret.html',
    '/a/..%5c..%5csecret.html',
    '/%00.html',
  ]
  for (const path of tricks) {
    const file = fileOf(`perwatt://app${path}`, '/srv/pages')
    expect(file === null || file.startsWith('/srv/pages/')).toBe(true)
  }
  expect(fileOf('perwatt://app/..%2f..%2fetc/passwd', '/srv/pages')).toBeNull()
  const piece = fc.constantFrom('..', '.', '%2e%2e', '%2f', '%5c', '/', '\\', 'a', '%00', '%', 'é')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const file = fileOf(`perwatt://app/${pieces.join('')}`, '/srv/pages')
      expect(file === null || file.startsWith('/srv/pages/')).toBe(true)
    }),
    fcOptions('security', 2_000, 200_000),
  )
})
