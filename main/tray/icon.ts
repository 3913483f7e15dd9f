/**
 * The tray image as pixels. Pure: a face, a size and a panel in, a bitmap out. Every shape is a signed distance, so that
 * edges are smooth at any size without a canvas, a window or a file.
 */

/** What the image says. Two equal faces give the same pixels, so a face is also the reason not to draw. */
export type Face =
  | { readonly kind: 'ring'; readonly step: number; readonly isActive: boolean; readonly alarm: Alarm }
  | { readonly kind: 'digits'; readonly text: string; readonly alarm: Alarm }
  | { readonly kind: 'sparkline'; readonly steps: readonly number[]; readonly alarm: Alarm }
  | { readonly kind: 'hollow' }

/** `amber` from 80 % of the nearest budget on, `red` from all of it. */
export type Alarm = 'calm' | 'amber' | 'red'
/** `template`: black and alpha alone, which macOS tints itself. */
export type Panel = 'light' | 'dark' | 'template'

/** Steps of the ring and of a bar: a smaller change is not worth a drawing. */
export const RING_STEPS = 24
export const BAR_STEPS = 12
export const BARS = 7

type Colour = readonly [red: number, green: number, blue: number]
/** Distance to a shape's edge in pixels, negative inside. */
type Shape = (x: number, y: number) => number
type Layer = { readonly shape: Shape; readonly colour: Colour; readonly opacity: number }

const TRACK_OPACITY = 0.28
const HOLLOW_OPACITY = 0.62
const HALF_SWEEP = (135 * Math.PI) / 180
const DASHES = 7

const INK: Readonly<Record<Panel, Colour>> = {
  light: [0x14, 0x18, 0x1f],
  dark: [0xee, 0xf1, 0xf5],
  template: [0, 0, 0],
}
/** The accent and the two states of the stylesheet (renderer/style/tokens.css), by panel. */
const PAINT: Readonly<Record<Panel, Readonly<Record<Alarm, Colour>>>> = {
  light: { calm: [0x0f, 0x9d, 0x76], amber: [0xb7, 0x79, 0x1f], red: [0xc5, 0x30, 0x30] },
  dark: { calm: [0x35, 0xc7, 0x9b], amber: [0xf0, 0xb4, 0x29], red: [0xf5, 0x65, 0x65] },
  template: { calm: [0, 0, 0], amber: [0, 0, 0], red: [0, 0, 0] },
}

/** `sizePx` × `sizePx` pixels, BGRA with premultiplied alpha: what `nativeImage.createFromBitmap` takes. */
export function drawIcon(sizePx: number, face: Face, panel: Panel): Uint8Array {
  const layers = layersOf(sizePx, face, panel)
  const pixels = new Uint8Array(sizePx * sizePx * 4)
  for (let y = 0; y < sizePx; y += 1) {
    for (let x = 0; x < sizePx; x += 1) blend(pixels, (y * sizePx + x) * 4, layers, x + 0.5, y + 0.5)
  }
  return pixels
}

function blend(pixels: Uint8Array, at: number, layers: readonly Layer[], x: number, y: number): void {
  let red = 0
  let green = 0
  let blue = 0
  let alpha = 0
  for (const { shape, colour, opacity } of layers) {
    const cover = opacity * Math.min(1, Math.max(0, 0.5 - shape(x, y)))
    if (cover === 0) continue
    red = colour[0] * cover + red * (1 - cover)
    green = colour[1] * cover + green * (1 - cover)
    blue = colour[2] * cover + blue * (1 - cover)
    alpha = cover + alpha * (1 - cover)
  }
  pixels[at] = Math.round(blue)
  pixels[at + 1] = Math.round(green)
  pixels[at + 2] = Math.round(red)
  pixels[at + 3] = Math.round(alpha * 255)
}

function layersOf(size: number, face: Face, panel: Panel): Layer[] {
  const ink = INK[panel]
  if (face.kind === 'hollow') return [{ shape: dashedRing(size), colour: ink, opacity: HOLLOW_OPACITY }]
  const paint = PAINT[panel][face.alarm]
  if (face.kind === 'ring') return ringLayers(size, face, ink, paint)
  if (face.kind === 'sparkline') return sparklineLayers(size, face.steps, ink, paint)
  return [{ shape: textShape(size, face.text), colour: face.alarm === 'calm' ? ink : paint, opacity: 1 }]
}

function ringLayers(size: number, face: Face & { kind: 'ring' }, ink: Colour, paint: Colour): Layer[] {
  const ring = ringOf(size)
  const layers: Layer[] = [{ shape: arc(ring, 0, HALF_SWEEP), colour: ink, opacity: TRACK_OPACITY }]
  if (face.step > 0) {
    const half = (HALF_SWEEP * Math.min(face.step, RING_STEPS)) / RING_STEPS
    layers.push({ shape: arc(ring, half - HALF_SWEEP, half), colour: paint, opacity: 1 })
  }
  if (face.isActive) layers.push({ shape: disc(ring.centre, size * (3 / 22)), colour: paint, opacity: 1 })
  return layers
}

type Ring = { readonly centre: number; readonly radius: number; readonly halfStroke: number }

function ringOf(size: number): Ring {
  const stroke = size * (3 / 22)
  return { centre: size / 2, radius: size / 2 - size / 22 - stroke / 2, halfStroke: stroke / 2 }
}

/** Part of the ring with round ends: `half` to both sides of `middle`, angles clockwise from the top. */
function arc({ centre, radius, halfStroke }: Ring, middle: number, half: number): Shape {
  const [sin, cos] = [Math.sin(middle), Math.cos(middle)]
  const [endX, endY] = [Math.sin(half) * radius, Math.cos(half) * radius]
  return (x, y) => {
    const dx = x - centre
    const dy = centre - y
    const fromRing = Math.abs(distance(dx, dy) - radius) - halfStroke
    // Most pixels are not near the ring.
    if (fromRing > 1) return fromRing
    // Turned so that the middle of the arc points up, and folded onto its right half.
    const across = Math.abs(dx * cos - dy * sin)
    const along = dx * sin + dy * cos
    const isBeside = endY * across > endX * along
    const toCurve = isBeside ? distance(across - endX, along - endY) : Math.abs(distance(across, along) - radius)
    return toCurve - halfStroke
  }
}

/** Unmistakably not a gauge at zero: as bright as an icon, and broken. */
function dashedRing(size: number): Shape {
  const ring = ringOf(size)
  const pitch = (2 * HALF_SWEEP) / DASHES
  const thin = { ...ring, halfStroke: ring.halfStroke * 0.8 }
  const dashes = Array.from({ length: DASHES }, (_, index) =>
    arc(thin, -HALF_SWEEP + pitch * (index + 0.5), pitch * 0.16),
  )
  return (x, y) => {
    const angle = Math.atan2(x - ring.centre, ring.centre - y)
    const index = Math.min(DASHES - 1, Math.max(0, Math.floor((angle + HALF_SWEEP) / pitch)))
    return (dashes[index] as Shape)(x, y)
  }
}

/** `Math.hypot` guards against overflow, which costs more than all else that is done for a pixel. */
function distance(dx: number, dy: number): number {
  return Math.sqrt(dx * dx + dy * dy)
}

function disc(centre: number, radius: number): Shape {
  return (x, y) => distance(x - centre, y - centre) - radius
}

function sparklineLayers(size: number, steps: readonly number[], ink: Colour, paint: Colour): Layer[] {
  const [margin, gap] = [size / 22, size / 22]
  const width = (size - 2 * margin - gap * (BARS - 1)) / BARS
  const bar = (index: number, step: number): Shape => {
    const left = margin + index * (width + gap)
    const height = ((size - 2 * margin) * Math.min(step, BAR_STEPS)) / BAR_STEPS
    return box(left, size - margin - height, left + width, size - margin)
  }
  const shown = steps.slice(-BARS)
  const columns = Array.from({ length: BARS }, (_, index) => index)
  const bars = shown.flatMap((step, index) => (step > 0 ? [bar(index + BARS - shown.length, step)] : []))
  return [
    { shape: nearest(columns.map((index) => bar(index, 1))), colour: ink, opacity: TRACK_OPACITY },
    ...(bars.length > 0 ? [{ shape: nearest(bars), colour: paint, opacity: 1 }] : []),
  ]
}

function box(left: number, top: number, right: number, bottom: number): Shape {
  return (x, y) => Math.max(left - x, x - right, top - y, y - bottom)
}

type Stroke = readonly [x0: number, y0: number, x1: number, y1: number]

/** Seven strokes of a digit in a cell two wide and four high: top, upper left and right, middle, lower left and right, bottom. */
const SEGMENTS: readonly Stroke[] = [
  [0, 0, 2, 0],
  [0, 0, 0, 2],
  [2, 0, 2, 2],
  [0, 2, 2, 2],
  [0, 2, 0, 4],
  [2, 2, 2, 4],
  [0, 4, 2, 4],
]
const DIGITS = ['012456', '25', '02346', '02356', '1235', '01356', '013456', '025', '0123456', '012356']
const OTHERS: Readonly<Record<string, readonly Stroke[]>> = {
  k: [
    [0, 0, 0, 4],
    [0, 2.6, 2, 1.2],
    [0.7, 2.2, 2, 4],
  ],
}

function strokesOf(character: string): readonly Stroke[] {
  const digit = DIGITS[Number(character)]
  if (digit === undefined) return OTHERS[character] ?? []
  return SEGMENTS.filter((_, index) => digit.includes(String(index)))
}

/** One to three characters out of `0`–`9` and `k`, as tall as they may be and no wider than they are: a 1 is a stroke. */
function textShape(size: number, text: string): Shape {
  const stroke = size * (text.length > 2 ? 2 / 22 : 2.6 / 22)
  const room = size - stroke - size / 22
  const glyphs = [...text].map((character) => glyphOf(character))
  const width = glyphs.reduce((sum, glyph) => sum + glyph.width, LETTER_GAP * (text.length - 1))
  const unitX = room / Math.max(width, 3.4)
  const unitY = Math.min(room / 4, unitX * 2.3)
  let left = (size - width * unitX) / 2
  const top = (size - 4 * unitY) / 2
  const lines = glyphs.flatMap((glyph) => {
    const start = left - glyph.left * unitX
    left += (glyph.width + LETTER_GAP) * unitX
    return glyph.strokes.map(([x0, y0, x1, y1]) =>
      line(start + x0 * unitX, top + y0 * unitY, start + x1 * unitX, top + y1 * unitY, stroke / 2),
    )
  })
  return nearest(lines)
}

const LETTER_GAP = 1.3

function glyphOf(character: string): {
  readonly strokes: readonly Stroke[]
  readonly left: number
  readonly width: number
} {
  const strokes = strokesOf(character)
  const across = strokes.flatMap(([x0, , x1]) => [x0, x1])
  const left = Math.min(...across)
  return { strokes, left, width: Math.max(...across) - left }
}

function line(x0: number, y0: number, x1: number, y1: number, halfStroke: number): Shape {
  const [dx, dy] = [x1 - x0, y1 - y0]
  const squared = dx * dx + dy * dy
  return (x, y) => {
    const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / squared))
    return distance(x - x0 - along * dx, y - y0 - along * dy) - halfStroke
  }
}

function nearest(shapes: readonly Shape[]): Shape {
  return (x, y) => {
    let least = Number.POSITIVE_INFINITY
    for (const shape of shapes) least = Math.min(least, shape(x, y))
    return least
  }
}
