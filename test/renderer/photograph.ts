/**
 * `node test/renderer/photograph.ts --to DIR [--built DIR] [--scene NAME]`: pictures of every screen in every scene, light
 * and dark, and what axe finds there. For looking at a change before it lands; needs a Chromium (PERWATT_CHROMIUM, else
 * /usr/bin/chromium) and a built renderer (`npm run build`).
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright'
import { AT_S, scenes } from './fixtures.ts'
import { playAnswers, serveRenderer } from './stage.ts'

type Shot = {
  readonly page:
    | `index.html#${'apps' | 'models'}${string}`
    | 'index.html#now'
    | 'index.html#sources'
    | 'index.html#settings'
    | 'index.html#settings/network'
    | 'popover.html'
  readonly width: number
  readonly height: number
  readonly scale: number
  /** Buttons to press first, by their names: what they open is photographed. */
  readonly presses?: readonly string[]
}

const { values: options } = parseArgs({
  options: { to: { type: 'string' }, built: { type: 'string', default: 'out/renderer' }, scene: { type: 'string' } },
})
if (options.to === undefined) throw new Error('Say where the pictures go: --to DIR')

const chosen = Object.entries(scenes).filter(([name]) => options.scene === undefined || options.scene === name)
const executablePath = process.env.PERWATT_CHROMIUM ?? '/usr/bin/chromium'
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const server = await serveRenderer(options.built)
mkdirSync(options.to, { recursive: true })
let faults = 0
for (const [name, answers] of chosen) {
  for (const theme of ['light', 'dark'] as const) {
    for (const shot of shotsOf(name)) faults += await photograph(browser, name, theme, shot, answers())
  }
}
await browser.close()
server.close()
console.log(`${faults} findings`)
process.exitCode = faults === 0 ? 0 : 1

/** Every screen where it is full, the ones that differ elsewhere. */
function shotsOf(scene: string): readonly Shot[] {
  const wide = { width: 1_280, height: 800, scale: 1 }
  const small = { width: 900, height: 600, scale: 2 }
  const popover: Shot = { page: 'popover.html', width: 340, height: 420, scale: 2 }
  const now: readonly Shot[] = [{ page: 'index.html#now', ...wide }, { page: 'index.html#now', ...small }, popover]
  const others: readonly Shot[] = [
    { page: 'index.html#sources', ...wide },
    { page: 'index.html#sources', ...small },
    { page: 'index.html#settings', ...wide },
    { page: 'index.html#settings', ...small },
  ]
  const work = (['apps', 'models'] as const).flatMap((screen): Shot[] => {
    const page: Shot['page'] = `index.html#${screen}`
    return [
      { page, ...wide },
      { page, ...small },
    ]
  })
  const qwen: Shot['page'] = 'index.html#models/ollama%2Fqwen3%3A8b'
  const ollama: Shot['page'] = 'index.html#apps/ollama'
  if (['workFails', 'manyModels', 'oneModel'].includes(scene)) return [...work, { page: qwen, ...wide }]
  if (scene === 'empty' || scene === 'down') return [...now, ...work, ...(scene === 'down' ? others : [])]
  const pages: readonly Shot[] = [
    ...['ollama', 'llama-cpp', 'lm-studio', 'http%3A%2F%2Fnas.local%3A11434', 'claude-code'].flatMap((id): Shot[] => {
      const page: Shot['page'] = `index.html#apps/${id}`
      return id === 'ollama'
        ? [
            { page, ...wide },
            { page, ...small },
            { page, width: 1_280, height: 1_500, scale: 1 },
          ]
        : [{ page, ...wide }]
    }),
    { page: qwen, ...wide },
    { page: qwen, ...small },
    { page: 'index.html#apps', ...wide, presses: ['Add a server'] },
    { page: ollama, ...wide, presses: ['Unload qwen3:8b', 'Unload'] },
  ]
  if (scene === 'full') return [...now, ...others, ...work, ...pages]
  const change: Shot = { page: 'index.html#sources', ...wide, presses: ['Change Desk plug', 'Test'] }
  if (scene === 'meters') {
    const dialogs = [{ ...change, presses: ['Add a meter'] }, change, { ...change, ...small }]
    const network: Shot = { page: 'index.html#settings/network', ...wide }
    return [
      ...now,
      ...others,
      network,
      { ...network, ...small },
      ...dialogs,
      { ...change, presses: ['Remove Desk plug'] },
    ]
  }
  if (scene === 'meterUnknown') return [...now, ...others, change, { ...change, ...small }]
  if (scene === 'meterRefused') return [change, { ...change, presses: ['Remove Desk plug', 'Remove it'] }]
  return ['estimate', 'denied'].includes(scene) ? [...now, ...others] : now
}

async function photograph(
  on: Browser,
  scene: string,
  theme: 'light' | 'dark',
  shot: Shot,
  answers: Parameters<typeof playAnswers>[1],
): Promise<number> {
  const { width, height, scale } = shot
  const context = await on.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    colorScheme: theme,
    timezoneId: 'Europe/Berlin',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.clock.setFixedTime(AT_S * 1_000)
  await playAnswers(page, answers)
  await page.goto(`${server.origin}/${shot.page}`)
  const { presses = [] } = shot
  for (const name of presses) await page.getByRole('button', { name, exact: true }).click()
  await settle(page)
  const screen = shot.page
    .replace('.html', '')
    .replace('index#', '')
    .replaceAll(/\/|%../g, '-')
  const opened = presses.map((name) => `-${name.toLowerCase().replaceAll(' ', '-')}`).join('')
  const file = `${scene}-${screen}${opened}-${width}x${height}-${theme}.png`
  await page.screenshot({ path: join(options.to ?? '.', file) })
  const { violations } = await new AxeBuilder({ page }).analyze()
  const found = [
    ...complaints,
    ...violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary?.replaceAll('\n', ' ')}`).join('; ')}`,
    ),
  ]
  for (const text of found) console.log(`${file}: ${text}`)
  await context.close()
  return found.length
}

/** Two frames after the fonts are there and every transition has ended: the chart has drawn. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished))
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
  })
}
