import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import type { IpcMainEvent, IpcMainInvokeEvent, Session, WebContents, WebPreferences } from 'electron'

/**
 * Electron's security checklist (electron/electron docs/tutorial/security.md), in its order and with its numbers. Points
 * without code here: 15, nothing in main hands an address to the system; 16, the version is package.json's; 19, fuses are
 * in electron-builder.yml; 20, preload/bridge.ts exposes two functions.
 */

/** 18: pages come from a protocol of our own, because `file:` may read every file and shares one origin among all. */
export const SCHEME = 'perwatt'
export const ORIGIN = 'perwatt://app'

/** 1: only our own pages and nothing from any network, whatever a page asks for. */
export function refuseNetwork(session: Session): void {
  session.webRequest.onBeforeRequest(({ url }, decide) => decide({ cancel: !isOwnUrl(url) }))
}

/** 2, 3, 4, 6, 8, 9, 10 and 11: the defaults of today's Electron, written down so that no default decides. */
export function windowPreferences(session: Session, preload: string): WebPreferences {
  return {
    session,
    preload,
    nodeIntegration: false, // 2
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    contextIsolation: true, // 3
    sandbox: true, // 4
    webSecurity: true, // 6
    allowRunningInsecureContent: false, // 8
    experimentalFeatures: false, // 9
    enableBlinkFeatures: '', // 10
    webviewTag: false, // 11
    // Not of the list: the dictionary would be downloaded, and a meter's own figures must not depend on focus.
    spellcheck: false,
    devTools: process.env.PERWATT_DEVTOOLS === '1',
  }
}

/** 5: no page of ours needs a permission. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
}

/** 7: scripts and styles from our own origin, pictures also from data URLs, and no connection at all. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** 12: a webview is refused even where a page managed to ask for one. */
export function refuseWebviews(contents: WebContents): void {
  contents.on('will-attach-webview', (event) => event.preventDefault())
}

/** 13: a window shows the page that main loaded into it, to its end. */
export function refuseNavigation(contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault())
  contents.on('will-redirect', (event) => event.preventDefault())
}

/** 14 */
export function refuseNewWindows(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}

/** 17: a message counts only from the top frame of a page of ours. */
export function isOwnFrame({ senderFrame, sender }: IpcMainEvent | IpcMainInvokeEvent): boolean {
  return senderFrame !== null && senderFrame === sender.mainFrame && isOwnUrl(senderFrame.url)
}

/** 18: the files of one folder, by name, with a type that we know. */
export function serveFolder(session: Session, folder: string): void {
  session.protocol.handle(SCHEME, async ({ url, method }) => {
    const file = method === 'GET' ? fileOf(url, folder) : null
    const type = file === null ? undefined : TYPES[extname(file)]
    if (file === null || type === undefined) return new Response(null, { status: 404 })
    try {
      return new Response(new Uint8Array(await readFile(file)), { headers: headersFor(type) })
    } catch {
      return new Response(null, { status: 404 })
    }
  })
}

/** The file that an address means, or `null` where it is not ours or leads out of the folder. */
export function fileOf(url: string, folder: string): string | null {
  if (!isOwnUrl(url)) return null
  let path: string
  try {
    path = decodeURIComponent(new URL(url).pathname)
  } catch {
    return null
  }
  if (path.includes('\0') || path.includes('\\')) return null
  const file = normalize(join(folder, path))
  return file.startsWith(normalize(folder) + sep) ? file : null
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

function headersFor(type: string): Record<string, string> {
  return {
    'content-type': type,
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
  }
}

function isOwnUrl(url: string): boolean {
  return url.startsWith(`${ORIGIN}/`)
}
