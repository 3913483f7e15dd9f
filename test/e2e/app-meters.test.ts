import { createServer } from 'node:http'
import { _electron, type ElectronApplication, type Locator, type Page } from 'playwright'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { installApp, type TestApp, waitFor } from '../support/app.ts'

let app: TestApp
let electron: ElectronApplication
let page: Page
beforeEach(async () => {
  app = installApp('real')
  const { command, args, env } = app.command()
  electron = await _electron.launch({ executablePath: command, args, env: env as Record<string, string> })
  app.adopt(electron.process())
  page = await electron.firstWindow()
  // What a first start says is read and closed before anything else can be done.
  await button(page, 'Start measuring').click()
  await page.locator('a.sidebar-item[href="#sources"]').click()
  await page.getByRole('heading', { name: 'Wall meters' }).waitFor()
})
afterEach(() => app.dispose())

/** A HomeWizard socket as its maker documents it (version 1: `GET /api/v1/data`), which can be pulled out of the wall. */
async function homewizard(powerW: number) {
  const plug = { address: '', isPulled: false, asked: 0 }
  const server = createServer((request, response) => {
    if (plug.isPulled) return void request.socket.destroy()
    plug.asked++
    if (request.url !== '/api/v1/data') return void response.writeHead(404).end()
    response.end(JSON.stringify({ active_power_w: powerW, total_power_import_kwh: 12.345 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  plug.address = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  return plug
}

const button = (within: Page | Locator, name: string) => within.getByRole('button', { name, exact: true })
const row = () => page.locator('[data-meter]')
/** What the rows of all meters say. */
const rows = async () => (await row().allInnerTexts()).join('\n')
/** As the page writes it: the port of the address may hold the same digits. */
const READING = '118\u202fW'

test('a meter is added, read, missed while it is away, read again, and taken away', async () => {
  const plug = await homewizard(118.4)
  await button(page, 'Add a meter').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Desk plug')
  await dialog.getByLabel('Kind').selectOption('homewizard')
  await dialog.getByLabel('Address').fill(plug.address)
  expect(await button(dialog, 'Save').isDisabled()).toBe(true)
  await button(dialog, 'Test').click()
  await dialog.getByText(READING).waitFor()
  await button(dialog, 'Save').click()
  await waitFor('its reading', async () => (await rows()).includes(READING))
  expect(await rows()).toContain('Measuring')
  expect(await row().getAttribute('data-meter')).toBe('desk-plug')

  plug.isPulled = true
  await waitFor('the drop-out', async () => (await rows()).includes('Failing'))
  expect(await rows()).toContain('gives no figure')
  expect(await rows()).not.toContain(READING)

  plug.isPulled = false
  await waitFor('its reading again', async () => (await rows()).includes(READING), 30_000)

  await button(page, 'Remove Desk plug').click()
  await button(page.getByRole('dialog'), 'Remove it').click()
  await waitFor('its end', async () => (await rows()) === '')
  const asked = plug.asked
  const startS = await atS()
  // A tick is a second; the plug was asked every two.
  await waitFor('three ticks', async () => (await atS()) >= startS + 3)
  expect(plug.asked).toBe(asked)
})

/** The second of the engine's newest tick. */
async function atS(): Promise<number> {
  const answer = (await page.evaluate('perwatt.call("now", {})')) as { value: { at: number } }
  return answer.value.at
}
