import { spawnSync } from 'node:child_process'
import type { AppProcess, TestApp } from './app.ts'

/** The tray as its panel sees it: asked over the session bus with dbus-send, which knows nothing of our own code. */
const WATCHER = 'org.kde.StatusNotifierWatcher'
const ITEM = 'org.kde.StatusNotifierItem'
const MENU = 'com.canonical.dbusmenu'

export type TrayItem = {
  readonly env: NodeJS.ProcessEnv
  readonly busName: string
  readonly id: string
  readonly tooltip: string
  readonly icon: { readonly width: number; readonly height: number; readonly argb: Buffer }
}

/** The item of this app among all that are registered; `null` while there is none. */
export function trayItem(app: TestApp): TrayItem | null {
  const pids = app.processes().filter(({ kind }: AppProcess) => kind === 'main')
  const { env } = app
  const items = property(env, WATCHER, '/StatusNotifierWatcher', WATCHER, 'RegisteredStatusNotifierItems')
  const names = [...items.matchAll(/string "([^"/]+)\/StatusNotifierItem"/g)].map((match) => match[1] ?? '')
  const busName = names.find((name) => pids.some(({ pid }) => pid === pidOf(env, name)))
  if (busName === undefined) return null
  const read = (name: string) => property(env, busName, '/StatusNotifierItem', ITEM, name)
  return {
    env,
    busName,
    id: /string "(.*)"/.exec(read('Id'))?.[1] ?? '',
    // The structure's second string: icon name first, then pixmaps, then the title, then the text.
    tooltip: [...read('ToolTip').matchAll(/string "([^"]*)"/gs)]
      .map((match) => match[1] ?? '')
      .join('\n')
      .trim(),
    icon: iconOf(read('IconPixmap')),
  }
}

export function click(item: TrayItem): void {
  send(item.env, item.busName, '/StatusNotifierItem', `${ITEM}.Activate`, 'int32:0', 'int32:0')
}

export type MenuEntry = { readonly id: number; readonly label: string; readonly isEnabled: boolean }

export function menuOf(item: TrayItem): MenuEntry[] {
  const layout = send(
    item.env,
    item.busName,
    menuPath(item),
    `${MENU}.GetLayout`,
    'int32:0',
    'int32:-1',
    'array:string:',
  )
  const entries = layout.split(/struct \{\s+int32 /).slice(1)
  return entries.flatMap((text) => {
    const label = /string "label"\s+variant\s+string "([^"]*)"/.exec(text)?.[1]
    if (label === undefined) return []
    const isEnabled = !/string "enabled"\s+variant\s+boolean false/.test(text)
    return [{ id: Number.parseInt(text, 10), label: label.replaceAll('\u202f', ' '), isEnabled }]
  })
}

export function choose(item: TrayItem, label: string): void {
  const entry = menuOf(item).find((each) => each.label === label)
  if (entry === undefined) throw new Error(`the menu has no "${label}": ${menuOf(item).map((each) => each.label)}`)
  send(
    item.env,
    item.busName,
    menuPath(item),
    `${MENU}.Event`,
    `int32:${entry.id}`,
    'string:clicked',
    'variant:int32:0',
    'uint32:0',
  )
}

function menuPath({ env, busName }: TrayItem): string {
  return /object path "(.*)"/.exec(property(env, busName, '/StatusNotifierItem', ITEM, 'Menu'))?.[1] ?? '/'
}

function pidOf(env: NodeJS.ProcessEnv, busName: string): number {
  const answer = send(
    env,
    'org.freedesktop.DBus',
    '/',
    'org.freedesktop.DBus.GetConnectionUnixProcessID',
    `string:${busName}`,
  )
  return Number(/uint32 (\d+)/.exec(answer)?.[1])
}

function iconOf(printed: string): TrayItem['icon'] {
  const [width = 0, height = 0] = [...printed.matchAll(/int32 (\d+)/g)].map((match) => Number(match[1]))
  const bytes = /array of bytes \[([^\]]*)\]/.exec(printed)?.[1] ?? ''
  return { width, height, argb: Buffer.from(bytes.replaceAll(/\s/g, ''), 'hex') }
}

function property(env: NodeJS.ProcessEnv, busName: string, path: string, interfaceName: string, name: string): string {
  return send(env, busName, path, 'org.freedesktop.DBus.Properties.Get', `string:${interfaceName}`, `string:${name}`)
}

/** Empty where the answer is an error: whoever is asked may be gone by now. */
function send(env: NodeJS.ProcessEnv, busName: string, path: string, member: string, ...args: string[]): string {
  const all = ['--session', '--print-reply', `--dest=${busName}`, path, member, ...args]
  return spawnSync('dbus-send', all, { env, encoding: 'utf8', timeout: 5_000 }).stdout
}
