import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { type Browser, chromium } from 'playwright'
import { build } from 'vite'
import { z } from 'zod'
import { cacheDir } from '../../scripts/lib/paths.mjs'
import { type BenchCase, definitionOf } from '../case.ts'
import { measuredRow, type RowDefinition } from '../row.ts'

const ROUNDS = 7
const SERIES = 5
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

const shared = { unit: 'ms', target: 16, against: null }
const rows: readonly RowDefinition[] = [
  { id: 'chart-year', title: `a year of hours, ${SERIES} series, drawn first`, ...shared },
  { id: 'chart-year-update', title: 'the same with new data', ...shared },
]

const Drawn = z.object({ firstMs: z.number(), newDataMs: z.number() })

export const chartYear: BenchCase = {
  id: 'chart-year',
  rows,
  async run({ rounds }) {
    const browser = await chromium.launch({
      executablePath: installedBrowser(),
      args: ['--disable-gpu'],
    })
    try {
      const draw = await openPage(browser)
      await draw()
      const drawn: z.infer<typeof Drawn>[] = []
      for (let round = 0; round < (rounds ?? ROUNDS); round++) drawn.push(await draw())
      const note = `in Chromium ${browser.version()}, without a graphics card`
      return [
        measuredRow(definitionOf(rows, 'chart-year'), { ours: drawn.map(({ firstMs }) => firstMs), note }),
        measuredRow(definitionOf(rows, 'chart-year-update'), { ours: drawn.map(({ newDataMs }) => newDataMs) }),
      ]
    } finally {
      await browser.close()
    }
  },
}

async function openPage(browser: Browser): Promise<() => Promise<z.infer<typeof Drawn>>> {
  const built = await buildPage()
  const page = await browser.newPage()
  await page.setContent('<!doctype html><html><body></body></html>')
  await page.addStyleTag({ path: join(built, 'style.css') })
  await page.addScriptTag({ path: join(built, 'chart-year.js') })
  return async () => Drawn.parse(await page.evaluate(`drawYear(${SERIES})`))
}

async function buildPage(): Promise<string> {
  const outDir = join(cacheDir, 'bench', 'chart-year')
  const entry = fileURLToPath(new URL('../pages/chart-year.tsx', import.meta.url))
  await build({
    configFile: false,
    logLevel: 'warn',
    plugins: [react()],
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      target: 'chrome114',
      outDir,
      minify: true,
      lib: { entry, formats: ['iife'], name: 'chartYear', fileName: () => 'chart-year.js', cssFileName: 'style' },
    },
  })
  return outDir
}

function installedBrowser(): string {
  for (const name of BROWSERS) {
    const { status, stdout } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' })
    if (status === 0) return stdout.trim()
  }
  throw new Error(`needs a Chromium: none of ${BROWSERS.join(', ')} is installed`)
}
