import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

/** A private X11 desktop as a Linux user has one: X server, session bus, window manager, panel with a tray, notifications. */
export type Desktop = {
  /** The environment of a program that is to run in it. */
  readonly env: NodeJS.ProcessEnv
  /** What an Electron app needs on its command line to be drawn at the desktop's scale. */
  readonly appArgs: readonly string[]
  /** Writes a PNG of the whole screen. */
  screenshot(file: string): void
  /** Every process that belongs to this desktop: its own, and whatever was started in it and has not ended. */
  processes(): readonly number[]
  /** Starts the panel anew, as after a crash; resolves when its tray takes items again. */
  restartPanel(): Promise<void>
  stop(): Promise<void>
}

export type DesktopOptions = {
  readonly theme?: 'light' | 'dark'
  readonly scale?: 1 | 2
  readonly size?: `${number}x${number}`
}

const TRAY_NAME = 'org.kde.StatusNotifierWatcher'
const NOTIFICATIONS_NAME = 'org.freedesktop.Notifications'
const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5_000

export async function startDesktop(options: DesktopOptions = {}): Promise<Desktop> {
  const { theme = 'light', scale = 1, size = '1280x800' } = options
  const home = mkdtempSync(join(tmpdir(), 'perwatt-desktop-'))
  const env = privateEnv(home, theme, scale)
  const started: ChildProcess[] = []
  const start = (command: string, args: readonly string[]) => {
    const child = startProgram(command, args, env)
    started.push(child)
    return child
  }
  const stop = () => stopDesktop(started.toReversed(), home)
  try {
    // -noreset: else the server starts anew, and refuses everybody meanwhile, whenever its last client has left.
    const server = ['-displayfd', '3', '-screen', '0', `${size}x24`, '-nolisten', 'tcp', '-noreset']
    env.DISPLAY = `:${await firstLine(start('Xvfb', server))}`
    env.DBUS_SESSION_BUS_ADDRESS = await firstLine(start('dbus-daemon', ['--session', '--nofork', '--print-address=3']))
    start('xfwm4', ['--compositor=off'])
    start('xfce4-panel', ['--disable-wm-check'])
    start(notificationDaemon(), [])
    await until('the window manager', () =>
      succeeds('xprop', ['-root', '-notype', '_NET_SUPPORTING_WM_CHECK'], env, '0x'),
    )
    await until('the panel’s tray', () => isOwned(TRAY_NAME, env))
    await until('the notification daemon', () => isOwned(NOTIFICATIONS_NAME, env))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    env,
    appArgs: scale === 1 ? [] : [`--force-device-scale-factor=${scale}`],
    screenshot: (file) => {
      if (!succeeds('import', ['-window', 'root', file], env))
        throw new Error(`no screenshot could be taken to ${file}`)
    },
    processes: () => processesOf(home),
    restartPanel: () => restartPanel(started, start, env),
    stop,
  }
}

function privateEnv(home: string, theme: 'light' | 'dark', scale: number): NodeJS.ProcessEnv {
  const dir = (name: string) => {
    mkdirSync(join(home, name), { mode: 0o700 })
    return join(home, name)
  }
  const config = dir('config')
  const channels = join(config, 'xfce4', 'xfconf', 'xfce-perchannel-xml')
  mkdirSync(channels, { recursive: true })
  writeFileSync(join(channels, 'xfce4-panel.xml'), PANEL)
  const { WAYLAND_DISPLAY: _wayland, XAUTHORITY: _authority, ...inherited } = process.env
  return {
    ...inherited,
    XDG_RUNTIME_DIR: dir('run'),
    XDG_CONFIG_HOME: config,
    XDG_DATA_HOME: dir('data'),
    XDG_STATE_HOME: dir('state'),
    XDG_CACHE_HOME: dir('cache'),
    XDG_CURRENT_DESKTOP: 'XFCE',
    XDG_SESSION_TYPE: 'x11',
    NO_AT_BRIDGE: '1',
    GTK_THEME: theme === 'dark' ? 'Adwaita:dark' : 'Adwaita',
    GDK_SCALE: String(scale),
  }
}

/** File descriptor 3 is where X server and bus announce their address. */
function startProgram(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  child.on('error', () => {}) // "not installed" is told by whoever waits for what it should have done
  return child
}

async function firstLine(child: ChildProcess): Promise<string> {
  const pipe = child.stdio[3] as Readable
  let text = ''
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS)
  try {
    while (!text.includes('\n')) text += String((await once(pipe, 'data', { signal: timeout }))[0])
  } catch (error) {
    throw new Error(`${child.spawnfile} did not start; are the desktop packages installed?`, { cause: error })
  }
  return text.trim()
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come up within ${START_TIMEOUT_MS / 1000} s`)
    await delay(50)
  }
}

function isOwned(name: string, env: NodeJS.ProcessEnv): boolean {
  const bus = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/']
  return succeeds('dbus-send', [...bus, 'org.freedesktop.DBus.NameHasOwner', `string:${name}`], env, 'boolean true')
}

function succeeds(command: string, args: readonly string[], env: NodeJS.ProcessEnv, printed = ''): boolean {
  const { status, stdout } = spawnSync(command, args, { env, encoding: 'utf8', timeout: STOP_TIMEOUT_MS })
  return status === 0 && stdout.includes(printed)
}

/** Debian keeps it out of PATH, in a folder named after the architecture. */
function notificationDaemon(): string {
  const folders = readdirSync('/usr/lib', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const files = folders.map(({ name }) => join('/usr/lib', name, 'xfce4', 'notifyd', 'xfce4-notifyd'))
  return files.find((file) => readableOrNull(file) !== null) ?? 'xfce4-notifyd'
}

async function restartPanel(
  started: ChildProcess[],
  start: (command: string, args: readonly string[]) => ChildProcess,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const panel = started.findLast((child) => child.spawnfile === 'xfce4-panel')
  if (panel === undefined) throw new Error('there is no panel to restart')
  panel.kill('SIGKILL')
  await until('the end of the old tray', () => !isOwned(TRAY_NAME, env))
  start('xfce4-panel', ['--disable-wm-check'])
  await until('the new panel’s tray', () => isOwned(TRAY_NAME, env))
}

/** The last started ends first, so nobody loses its display or bus before it was asked to end. */
async function stopDesktop(newestFirst: readonly ChildProcess[], home: string): Promise<void> {
  for (const child of newestFirst) await endOf(child)
  // Services that the bus started on demand are nobody's children here.
  const deadline = performance.now() + STOP_TIMEOUT_MS
  for (let left = processesOf(home); left.length > 0; left = processesOf(home)) {
    const signal = performance.now() > deadline ? 'SIGKILL' : 'SIGTERM'
    for (const pid of left) killIfThere(pid, signal)
    await delay(50)
  }
  rmSync(home, { recursive: true, force: true })
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(impatience)
}

/** Found by their environment, which names the desktop's private folder and is inherited by every child. */
function processesOf(home: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => readableOrNull(`/proc/${pid}/environ`)?.includes(`XDG_RUNTIME_DIR=${home}/`)).map(Number)
}

function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself meanwhile.
  }
}

function readableOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

const PANEL = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=10;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/><value type="int" value="2"/><value type="int" value="3"/><value type="int" value="4"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="tasklist"/>
    <property name="plugin-2" type="string" value="separator">
      <property name="expand" type="bool" value="true"/><property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-3" type="string" value="systray"><property name="square-icons" type="bool" value="true"/></property>
    <property name="plugin-4" type="string" value="clock"/>
  </property>
</channel>
`
