import { AxeBuilder } from '@axe-core/playwright'
import { _electron, type ElectronApplication, type Page } from 'playwright'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { installApp, type TestApp, waitFor } from '../support/app.ts'
import { click, trayItem } from '../support/tray.ts'

let app: TestApp
let electron: ElectronApplication
let page: Page
beforeEach(async () => {
  app = installApp('real')
  const { command, args, env } = app.command()
  electron = await _electron.launch({ executablePath: command, args, env: env as Record<string, string> })
  app.adopt(electron.process())
  page = await electron.firstWindow()
  await page.waitForLoadState()
})
afterEach(() => app.dispose())

/** What axe finds against WCAG 2.2 A and AA, a line each. Electron opens no second page for it, hence the legacy mode. */
async function violations(of: Page = page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page: of })
    .setLegacyMode(true)
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze()
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)
}

const theme = (name: 'Light' | 'Dark') =>
  page.getByRole('radio', { name }).or(page.getByRole('button', { name })).first()

test('axe finds nothing on the first run, nor on any screen, light and dark, with the real engine behind them', async () => {
  await page.getByRole('dialog').waitFor()
  expect(await violations()).toEqual([])
  await page.getByRole('button', { name: 'Start measuring' }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  for (const name of ['Light', 'Dark'] as const) {
    await page.keyboard.press('Control+5')
    await theme(name).click()
    await waitFor(`the ${name} theme`, () =>
      page.evaluate(`document.documentElement.dataset.theme === '${name.toLowerCase()}'`),
    )
    for (const screen of ['1', '2', '3', '4', '5']) {
      await page.keyboard.press(`Control+${screen}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(await violations(), `screen ${screen}, ${name}`).toEqual([])
    }
  }
})

test('axe finds nothing in the popover, light and dark', async () => {
  await page.getByRole('button', { name: 'Start measuring' }).click()
  for (const name of ['Light', 'Dark'] as const) {
    await page.keyboard.press('Control+5')
    await theme(name).click()
    const item = await waitFor('the tray icon', () => trayItem(app))
    const [popover] = await Promise.all([popoverOf(electron), Promise.resolve(click(item))])
    await popover.locator('main').waitFor()
    await waitFor(`the ${name} popover`, () =>
      popover.evaluate(`document.documentElement.dataset.theme === '${name.toLowerCase()}'`),
    )
    expect(await violations(popover), name).toEqual([])
    await page.bringToFront()
  }
})

/** The popover is kept for half a minute after it went away, so that it may be an old window that is shown again. */
async function popoverOf(of: ElectronApplication): Promise<Page> {
  const isPopover = (each: Page) => each.url().includes('popover')
  return of.windows().find(isPopover) ?? of.waitForEvent('window', { predicate: isPopover })
}

test('figures stay live after screens were changed, and what is set stays set', async () => {
  await page.getByRole('button', { name: 'Start measuring' }).click()
  for (const screen of ['2', '3', '4', '5', '1']) await page.keyboard.press(`Control+${screen}`)
  const ticks = "window.perwattTicks ??= (perwatt.on('tick', () => window.perwattTicks.n++), { n: 0 })"
  await page.evaluate(ticks)
  await waitFor('three ticks', async () => Number(await page.evaluate('window.perwattTicks.n')) >= 3)
  const settings = await page.evaluate("perwatt.call('settings', {}).then((answer) => answer.value.firstRunDone)")
  expect(settings).toBe(true)
})
