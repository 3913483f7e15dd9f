import { AxeBuilder } from '@axe-core/playwright'
import { _electron, type Locator, type Page } from 'playwright'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ServerStatus } from '../../contract/servers.ts'
import { fullNow, scenes } from '../renderer/fixtures.ts'
import { server } from '../renderer/work-fixtures.ts'
import { installApp, scriptFakeEngine, type TestApp, tellFakeEngine, waitFor } from '../support/app.ts'

let app: TestApp
let page: Page
/** What the engine answers; a test changes a part and tells it anew. */
let answers: Record<string, unknown>
beforeEach(async () => {
  app = installApp('fake')
  tellFakeEngine(app, fullNow())
  // Its own settings change as they are changed.
  const { settings, changeSettings, now, appInfo, ...fixed } = scenes.full?.() ?? {}
  answers = fixed
  scriptFakeEngine(app, answers)
  const { command, args, env } = app.command()
  const electron = await _electron.launch({ executablePath: command, args, env: env as Record<string, string> })
  app.adopt(electron.process())
  page = await electron.firstWindow()
  await page.getByRole('heading', { name: 'Now' }).waitFor()
})
afterEach(() => app.dispose())

const answer = (part: Record<string, unknown>) => {
  answers = { ...answers, ...part }
  scriptFakeEngine(app, answers)
}
const servers = (...known: ServerStatus[]) => ({ servers: { ok: true, value: { servers: known } } })
const link = (name: string) => page.getByRole('link', { name, exact: true })
const button = (name: string, within: Page | Locator = page) => within.getByRole('button', { name, exact: true })
const heading = (name: string) => page.getByRole('heading', { level: 1, name, exact: true })
const wasAsked = (text: string) => waitFor(text, () => app.asked().includes(text))

async function violations(): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page })
    .setLegacyMode(true)
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze()
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)
}

test.each(['Light', 'Dark'] as const)(
  'apps and models are reached, read and left by keyboard alone, and axe finds nothing (%s)',
  async (theme) => {
    await page.keyboard.press('Control+5')
    await page.getByRole('radio', { name: theme }).click({ force: true })
    await waitFor(theme, () => page.evaluate(`document.documentElement.dataset.theme === '${theme.toLowerCase()}'`))
    for (const [key, screen, row] of [
      ['2', 'Apps', 'Ollama'],
      ['3', 'Models', 'qwen3:8b'],
    ] as const) {
      await page.keyboard.press(`Control+${key}`)
      await heading(screen).waitFor()
      await page.locator('tbody tr').first().waitFor()
      expect(await violations(), screen).toEqual([])
      await link(row).first().focus()
      await page.keyboard.press('Enter')
      await heading(row).waitFor()
      expect(await heading(row).evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true)
      await page.locator('tbody tr').first().waitFor()
      expect(await violations(), row).toEqual([])
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('Enter')
      await heading(screen).waitFor()
    }
  },
)

test('heads sort the leaderboard, and what has no figure stays last', async () => {
  await page.keyboard.press('Control+3')
  const first = () => page.locator('.leaderboard tbody tr').first().getAttribute('data-model')
  const last = () => page.locator('.leaderboard tbody tr').last().getAttribute('data-model')
  await waitFor('the order', async () => (await first()) === 'ollama/gemma3:4b')
  await button('Speed').click()
  expect(await first()).toBe('vllm/google/gemma-3-4b-it')
  await button('Speed').click()
  expect(await first()).toBe('llama-cpp/qwen3-8b')
  expect(await last()).toBe('lm-studio/mistral-small-3.2-24b')
  expect(await page.getByRole('columnheader', { name: 'Speed' }).first().getAttribute('aria-sort')).toBe('ascending')
})

test('the meter is switched on at a port, waits, and sees the first requests', async () => {
  const listening = {
    ...{ listen: '12000', state: 'listening', reason: null, clientSetting: 'OLLAMA_HOST=127.0.0.1:12000' },
    ...{ requests: 0, lastRequestS: null },
  } as const
  answer({
    ...servers(server({})),
    setMetering: { ok: false, code: 'portInUse', reason: 'Port 12000 is taken.', remedy: null },
  })
  await page.keyboard.press('Control+2')
  await link('Ollama').first().click()
  await page.getByText('only the meter, below, can count').waitFor()
  await page.getByLabel('on port').fill('12000')
  const meter = page.getByRole('switch', { name: 'Meter its requests' })
  await meter.click()
  await page.getByText('Port 12000 is taken.').waitFor()
  expect(await meter.isChecked()).toBe(false)

  const metered = server({ meter: listening })
  answer({ ...servers(metered), setMetering: { ok: true, value: metered } })
  await meter.click()
  await wasAsked('"method":"setMetering","input":{"server":"http://127.0.0.1:11434","on":true,"listen":"12000"}')
  await page.getByText('OLLAMA_HOST=127.0.0.1:12000').waitFor()
  await page.getByText('Waiting for the first request').waitFor()

  const nowS = Math.floor(Date.now() / 1_000)
  answer(servers(server({ meter: { ...listening, requests: 12, lastRequestS: nowS } })))
  await page.getByText(/12 requests, last \d+\s?s ago$/).waitFor()

  answer({ ...servers(server({})), setMetering: { ok: true, value: server({}) } })
  await meter.click()
  await button('Stop metering', page.getByRole('dialog')).click()
  await wasAsked('"on":false')
  await waitFor('off', async () => !(await meter.isChecked()))
})

test('a model is unloaded after it was said what that does, and why not where it cannot be', async () => {
  await page.keyboard.press('Control+2')
  await link('Ollama').first().click()
  await button('Unload qwen3:8b').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('becomes free').waitFor()
  await button('Unload', dialog).click()
  await dialog.getByText('It has no way to unload').waitFor()
  answer({ unloadModel: { ok: true, value: {} }, ...servers(server({})) })
  await button('Unload', dialog).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText('It holds no model now.').waitFor()
})

test('a server elsewhere is added by its address, shows that its energy is unknown here, and is removed', async () => {
  const added = server({
    ...{ id: 'http://nas.local:11434', origin: 'http://nas.local:11434', app: null, name: 'Cellar' },
    ...{ isAdded: true, energy: 'elsewhere' },
  })
  answer({ ...servers(), addServer: { ok: true, value: added } })
  await page.keyboard.press('Control+2')
  await button('Add a server').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Address').fill('nas local')
  await button('Add', dialog).click()
  await dialog.getByText('This is no address of a machine').waitFor()
  await dialog.getByLabel('Address').fill('nas.local:11434')
  await dialog.getByLabel('Name').fill('Cellar')
  answer(servers(added))
  await button('Add', dialog).click()
  await wasAsked('"input":{"origin":"http://nas.local:11434","name":"Cellar"}')
  await link('Cellar').click()
  await page.getByText('Energy unknown here').waitFor()
  answer({ ...servers(), removeServer: { ok: true, value: {} } })
  await button('Remove Cellar').click()
  await button('Remove it', dialog).click()
  await page.getByText('No such server').waitFor()
})

test('without history the screens say so', async () => {
  const none = { ok: false, code: 'noHistory', reason: 'This engine keeps no history.', remedy: null }
  answer({ apps: none, models: none })
  for (const key of ['2', '3']) {
    await page.keyboard.press(`Control+${key}`)
    await page.getByText('This engine keeps no history.').waitFor()
    expect(await violations(), `screen ${key}`).toEqual([])
  }
})
