import { SLOTS } from '../live/slots.ts'

/** The tokens that a canvas needs, as colours. */
export type Palette = {
  readonly paper: string
  readonly line: string
  readonly ink: string
  readonly ink2: string
  readonly accent: string
  readonly other: string
  readonly idle: string
  readonly series: readonly string[]
}

/** Reads style/tokens.css as the theme has set it. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string) => style.getPropertyValue(name).trim()
  return {
    paper: token('--paper'),
    line: token('--line'),
    ink: token('--ink'),
    ink2: token('--ink-2'),
    accent: token('--accent'),
    other: token('--other'),
    idle: token('--idle'),
    series: Array.from({ length: SLOTS }, (_, slot) => token(`--series-${slot}`)),
  }
}

/** `#rrggbb` over `#rrggbb`, opaque, so that layers painted over one another do not add up. */
export function mix(over: string, under: string, ratio: number): string {
  const [a, b] = [channels(over), channels(under)]
  const mixed = a.map((value, index) => Math.round(value * ratio + (b[index] ?? 0) * (1 - ratio)))
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

/** `#rrggbb` that lets through what is below. */
export function translucent(colour: string, opacity: number): string {
  return `rgb(${channels(colour).join(' ')} / ${opacity})`
}

/** Red, green, blue of `#rrggbb`, or of the `#rgb` that a minifier makes of it. */
export function channels(colour: string): readonly number[] {
  const long = colour.length === 4 ? colour.replace(/[0-9a-f]/gi, '$&$&') : colour
  return [1, 3, 5].map((start) => Number.parseInt(long.slice(start, start + 2), 16))
}

/** Diagonal lines on a ground, the mark of what nobody works for (idle) and of what nobody saw (gap). */
export function hatch(line: string, ground: string | null): CanvasPattern | string {
  const ratio = window.devicePixelRatio
  const size = Math.round(6 * ratio)
  const tile = document.createElement('canvas')
  tile.width = size
  tile.height = size
  const context = tile.getContext('2d')
  if (context === null) return line
  if (ground !== null) {
    context.fillStyle = ground
    context.fillRect(0, 0, size, size)
  }
  context.strokeStyle = line
  context.lineWidth = ratio
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift, size)
    context.lineTo(shift + size, 0)
  }
  context.stroke()
  return context.createPattern(tile, 'repeat') ?? line
}
