import { expect, test } from 'vitest'
import { menuModelOf, menuTemplate } from '../../../main/tray/menu.ts'
import { tooltipOf, wordsOf } from '../../../main/tray/words.ts'
import { appWith, nowWith } from '../now.ts'

const running = { state: 'running', reason: null, attempts: 0 } as const
const noPrice = { currency: 'EUR', pricePerKwh: null }
const plain = (text: string) => text.replaceAll('\u202f', ' ')

test('the tooltip says the AI’s watts, the machine’s, and today’s energy and cost', () => {
  const words = wordsOf(nowWith(), running, { currency: 'EUR', pricePerKwh: 0.3 })
  expect(plain(tooltipOf(words))).toBe('Perwatt: AI 38 W of 61 W\nAI today 412 Wh · 0.12 €')
})

test('an estimate is never said like a measurement', () => {
  const now = nowWith({ machine: { provenance: 'estimate' }, apps: [appWith({ name: 'Ollama', powerW: 27 })] })
  const words = wordsOf(now, running, noPrice)
  expect(plain(words.summary)).toBe('AI ≈ 38 W of ≈ 61 W')
  expect(words.apps.map(plain)).toEqual(['Ollama  ≈ 27 W'])
})

test('the three apps with the most watts are named, Perwatt and those without power are not', () => {
  const apps = [
    appWith({ name: 'Small', powerW: 1 }),
    appWith({ name: 'Perwatt', powerW: 99, isSelf: true }),
    appWith({ name: 'Big', powerW: 27 }),
    appWith({ name: 'None', powerW: 0 }),
    appWith({ name: 'Middle', powerW: 4 }),
    appWith({ name: 'Least', powerW: 0.5 }),
  ]
  expect(wordsOf(nowWith({ apps }), running, noPrice).apps.map(plain)).toEqual([
    'Big  27 W',
    'Middle  4.0 W',
    'Small  1.0 W',
  ])
})

test('paused, warming, blind and without an engine are each said as what they are', () => {
  const summary = (now: Parameters<typeof wordsOf>[0]) => wordsOf(now, running, noPrice).summary
  expect(summary(nowWith({ state: 'paused' }))).toBe('Paused')
  expect(summary(null)).toBe('Measuring the first seconds…')
  const blind = nowWith({
    state: 'blind',
    machine: { powerW: null, aiPowerW: null, reason: 'No source reads power here.' },
  })
  expect(summary(blind)).toBe('No source reads power here.')
  const down = { state: 'down', reason: 'The disk is full.', attempts: 5 } as const
  expect(wordsOf(nowWith(), down, noPrice).summary).toBe('Measuring stopped: The disk is full.')
})

const noOrders = { open() {}, openSettings() {}, pause() {}, resume() {}, restartEngine() {}, quit() {} }
const labels = (now: Parameters<typeof wordsOf>[0], engine: Parameters<typeof wordsOf>[1] = running) => {
  const model = menuModelOf(wordsOf(now, engine, noPrice), now?.state ?? null, engine.state)
  return menuTemplate(model, noOrders).map(({ label, type }) => plain(label ?? type ?? ''))
}

test('the menu offers to pause while measuring, to resume while paused, to start again while the engine is down', () => {
  expect(labels(nowWith())).toEqual([
    ...['AI 38 W of 61 W', 'AI today 412 Wh', 'separator', 'Open Perwatt'],
    ...['Pause for 1 hour', 'Pause until I resume', 'Settings', 'separator', 'Quit'],
  ])
  expect(labels(nowWith({ state: 'paused' }))).toContain('Resume')
  expect(labels(nowWith({ state: 'paused' }))).not.toContain('Pause for 1 hour')
  const down = labels(null, { state: 'down', reason: null, attempts: 5 })
  expect(down).toContain('Start measuring again now')
  expect(down.filter((label) => /Pause|Resume/.test(label))).toEqual([])
})

test('a click does what the item says', () => {
  const done: unknown[] = []
  const orders = {
    open: () => done.push('open'),
    openSettings: () => done.push('settings'),
    pause: (forS: number | null) => done.push(forS),
    resume: () => done.push('resume'),
    restartEngine: () => done.push('restart'),
    quit: () => done.push('quit'),
  }
  const model = { lines: ['R&D'], measuring: 'on', canRestartEngine: true } as const
  const template = menuTemplate(model, orders)
  for (const { click } of template) click?.(...([] as unknown as Parameters<typeof click>))
  expect(done).toEqual(['open', 'restart', 3_600, null, 'settings', 'quit'])
  expect(template[0]).toMatchObject({ label: 'R&&D', enabled: false })
})
