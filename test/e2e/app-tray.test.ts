import { afterEach, beforeEach, expect, test } from 'vitest'
import { drawIcon, type Face } from '../../main/tray/icon.ts'
import { appWith, nowWith } from '../main/now.ts'
import { exitOf, installApp, type TestApp, tellFakeEngine, waitFor } from '../support/app.ts'
import { choose, click, menuOf, type TrayItem, trayItem } from '../support/tray.ts'

let app: TestApp
beforeEach(() => {
  app = installApp('fake')
  tellFakeEngine(app, nowWith({ apps: [appWith({ name: 'Ollama', powerW: 27 })] }))
})
afterEach(() => app.dispose())

const shownItem = () => waitFor('the tray item', () => trayItem(app))
const labels = (item: TrayItem) => menuOf(item).map(({ label }) => label)
const windows = () => app.processes().filter(({ kind }) => kind === 'renderer').length

/** The image on the bus is big-endian ARGB with plain alpha; ours is BGRA with premultiplied alpha. */
function isDrawnAs(item: TrayItem, face: Face): boolean {
  const { width, height, argb } = item.icon
  const bgra = drawIcon(width, face, 'light')
  if (argb.length !== width * height * 4) return false
  for (let at = 0; at < argb.length; at += 4) {
    const alpha = bgra[at + 3] ?? 0
    if (argb[at] !== alpha) return false
    if (alpha === 255 && (argb[at + 1] !== bgra[at + 2] || argb[at + 3] !== bgra[at])) return false
  }
  return true
}

test('a hidden start puts an item into the tray, with figures in image, tooltip and menu, and opens no window', async () => {
  app.start(['--hidden'])
  const item = await waitFor('the figures', () => {
    const found = trayItem(app)
    return found?.tooltip.includes('38') ? found : null
  })
  expect(item.tooltip.replaceAll('\u202f', ' ')).toBe('Perwatt: AI 38 W of 61 W\nAI today 412 Wh · 0.12 €')
  await waitFor('the ring', () =>
    isDrawnAs(trayItem(app) ?? item, { kind: 'ring', step: 15, isActive: true, alarm: 'calm' }),
  )
  expect(labels(item)).toEqual([
    ...['AI 38 W of 61 W', 'Ollama  27 W', 'AI today 412 Wh · 0.12 €', 'Open Perwatt'],
    ...['Pause for 1 hour', 'Pause until I resume', 'Settings', 'Quit'],
  ])
  expect(windows()).toBe(0)
})

test('the image turns amber and red with the budget and hollow when measuring is paused', async () => {
  app.start(['--hidden'])
  await shownItem()
  const becomes = (face: Face) => waitFor(JSON.stringify(face), () => isDrawnAs(trayItem(app) as TrayItem, face))
  tellFakeEngine(app, nowWith({ budgetUsedRatio: 0.9 }))
  await becomes({ kind: 'ring', step: 15, isActive: false, alarm: 'amber' })
  tellFakeEngine(app, nowWith({ budgetUsedRatio: 1.2 }))
  await becomes({ kind: 'ring', step: 15, isActive: false, alarm: 'red' })
  tellFakeEngine(app, nowWith({ state: 'paused' }))
  await becomes({ kind: 'hollow' })
  await waitFor('the menu to offer to resume', () => labels(trayItem(app) as TrayItem).includes('Resume'))
})

test('the menu pauses measuring for an hour, until resumed, and resumes it', async () => {
  app.start(['--hidden'])
  const offers = (label: string) => waitFor(label, () => labels(trayItem(app) as TrayItem).includes(label))
  await shownItem()
  for (const [label, order] of [
    ['Pause for 1 hour', '"method":"pause","input":{"forS":3600}'],
    ['Pause until I resume', '"method":"pause","input":{"forS":null}'],
  ] as const) {
    await offers(label)
    choose(await shownItem(), label)
    await waitFor(order, () => app.asked().includes(order))
  }
  tellFakeEngine(app, nowWith({ state: 'paused' }))
  await offers('Resume')
  choose(await shownItem(), 'Resume')
  await waitFor('the order', () => app.asked().includes('"method":"resume"'))
})

test('the menu opens the window, a click the popover, and Quit leaves no process', async () => {
  const main = app.start(['--hidden'])
  const item = await shownItem()
  await waitFor('the menu', () => labels(item).includes('Open Perwatt'))
  choose(item, 'Open Perwatt')
  await waitFor('the dashboard', () => windows() === 1)
  click(item)
  await waitFor('the popover', () => windows() === 2)
  choose(item, 'Quit')
  expect(await exitOf(main)).toBe(0)
  await waitFor('the end of every process', () => app.processes().length === 0)
})
