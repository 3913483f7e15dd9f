import { spawnSync } from 'node:child_process'
import type { TestApp } from './app.ts'

/** By their titles: an icon in an old XEmbed tray is a window too. */
const TITLES = '· Perwatt$|^Perwatt at a glance$|^Error$'

/** The windows of the app that are on the screen, as the X server numbers them. */
export function windowsOf(app: TestApp): string[] {
  const pids = app.processes().filter(({ kind }) => kind === 'main')
  return pids.flatMap(({ pid }) => {
    const found = xdotool(app, 'search', '--all', '--onlyvisible', '--pid', String(pid), '--name', TITLES)
    return found.split('\n').filter((id) => id !== '')
  })
}

/** Typed by the keyboard of the desktop, into that window. */
export function pressKeys(app: TestApp, id: string, keys: string): void {
  focus(app, id)
  xdotool(app, 'key', keys)
}

export function focus(app: TestApp, id: string): void {
  xdotool(app, 'windowactivate', '--sync', id)
}

function xdotool(app: TestApp, ...args: string[]): string {
  return spawnSync('xdotool', args, { env: app.env, encoding: 'utf8', timeout: 5_000 }).stdout
}
