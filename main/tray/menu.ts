import type { MenuItemConstructorOptions } from 'electron'
import type { Now } from '../../contract/now.ts'
import type { Words } from './words.ts'

/** What the menu shows, as plain data: two equal ones are the same menu, and building it again would be for nothing. */
export type MenuModel = {
  readonly lines: readonly string[]
  readonly measuring: 'on' | 'paused' | 'unavailable'
  readonly canRestartEngine: boolean
}

export type MenuOrders = {
  open(): void
  openSettings(): void
  /** For some seconds, or (`null`) until resumed. */
  pause(forS: number | null): void
  resume(): void
  restartEngine(): void
  quit(): void
}

export function menuModelOf(words: Words, state: Now['state'] | null, engine: string): MenuModel {
  const lines = [words.summary, ...words.apps, ...(words.today === null ? [] : [words.today])]
  const isThere = engine === 'running' && state !== null
  return {
    lines,
    measuring: !isThere ? 'unavailable' : state === 'paused' ? 'paused' : 'on',
    canRestartEngine: engine === 'restarting' || engine === 'down',
  }
}

export function menuTemplate(model: MenuModel, orders: MenuOrders): MenuItemConstructorOptions[] {
  const order = (label: string, click: () => void): MenuItemConstructorOptions => ({ label, click })
  return [
    ...model.lines.map((label) => ({ label: escapeMnemonic(label), enabled: false })),
    { type: 'separator' },
    order('Open Perwatt', () => orders.open()),
    ...(model.canRestartEngine ? [order('Start measuring again now', () => orders.restartEngine())] : []),
    ...pauseItems(model.measuring, orders).map(([label, click]) => order(label, click)),
    order('Settings', () => orders.openSettings()),
    { type: 'separator' },
    order('Quit', () => orders.quit()),
  ]
}

function pauseItems(measuring: MenuModel['measuring'], orders: MenuOrders): [string, () => void][] {
  if (measuring === 'unavailable') return []
  if (measuring === 'paused') return [['Resume', () => orders.resume()]]
  return [
    ['Pause for 1 hour', () => orders.pause(3_600)],
    ['Pause until I resume', () => orders.pause(null)],
  ]
}

/** A single `&` would underline the letter after it. */
function escapeMnemonic(label: string): string {
  return label.replaceAll('&', '&&')
}
