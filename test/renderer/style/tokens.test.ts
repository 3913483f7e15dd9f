import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { channels } from '../../../renderer/parts/palette.ts'

const css = readFileSync(new URL('../../../renderer/style/tokens.css', import.meta.url), 'utf8')

/** The colours of the block that begins with `selector`. */
function colours(selector: string): Map<string, string> {
  const start = css.indexOf(`${selector} {`)
  expect(start, selector).toBeGreaterThanOrEqual(0)
  const block = css.slice(start, css.indexOf('}', start))
  return new Map([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name = '', value = '']) => [name, value]))
}

const themes = { light: colours(':root'), dark: colours(':root[data-theme="dark"]') }

/** Contrast of two colours as WCAG 2.2 defines it. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string) => {
    const [r = 0, g = 0, b = 0] = channels(colour).map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

const texts = [
  ['ink', 'paper'],
  ['ink', 'raised'],
  ['ink', 'line'],
  ['ink', 'amber-wash'],
  ['ink', 'red-wash'],
  ['ink-2', 'paper'],
  ['ink-2', 'raised'],
  ['ink-2', 'line'],
  ['accent-ink', 'paper'],
  ['accent-ink', 'raised'],
  ['on-accent', 'accent-ink'],
  ['amber-ink', 'paper'],
  ['red-ink', 'paper'],
  ['red-ink', 'raised'],
  ['paper', 'ink'],
] as const
const graphics = [
  ['accent', 'paper'],
  ['line-strong', 'paper'],
  ['amber', 'paper'],
  ['red', 'paper'],
  ['amber-ink', 'amber-wash'],
  ['red-ink', 'red-wash'],
  ['other', 'paper'],
  ...Array.from({ length: 8 }, (_, slot) => [`series-${slot}`, 'paper'] as const),
] as const

for (const [theme, tokens] of Object.entries(themes)) {
  const of = (name: string) => {
    const value = tokens.get(name)
    if (value === undefined) throw new Error(`No colour --${name} in the ${theme} theme`)
    return value
  }
  test.each(texts)(`${theme}: text in %s on %s has a contrast of at least 4.5`, (fore, back) => {
    expect(contrast(of(fore), of(back))).toBeGreaterThanOrEqual(4.5)
  })
  test.each(graphics)(`${theme}: graphics in %s on %s have a contrast of at least 3`, (fore, back) => {
    expect(contrast(of(fore), of(back))).toBeGreaterThanOrEqual(3)
  })
}

test('contrast is what WCAG says it is', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 6)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
})

test('dark is the same whether the desktop or the setting asks for it, and names every colour of light', () => {
  expect(colours(':root:not([data-theme="light"])')).toEqual(themes.dark)
  expect([...themes.dark.keys()]).toEqual([...themes.light.keys()])
})
