import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BARS, drawIcon, type Face, type Panel, RING_STEPS } from '../../../main/tray/icon.ts'
import { fcOptions } from '../../support/counts.ts'

const SIZES = [16, 22, 24, 32, 44, 48]
const ring = (change: Partial<Face & { kind: 'ring' }> = {}): Face => ({
  kind: 'ring',
  step: 12,
  isActive: false,
  alarm: 'calm',
  ...change,
})

type Pixel = { readonly red: number; readonly green: number; readonly blue: number; readonly alpha: number }

/** Colour as drawn, the premultiplied alpha taken out again; a position from 0 to 1 in each direction. */
function pixelAt(size: number, face: Face, x: number, y: number, panel: Panel = 'light'): Pixel {
  const pixels = drawIcon(size, face, panel)
  const at = (Math.floor(y * size) * size + Math.floor(x * size)) * 4
  const [blue = 0, green = 0, red = 0, alpha = 0] = pixels.subarray(at, at + 4)
  const plain = (value: number) => (alpha === 0 ? 0 : Math.round((value * 255) / alpha))
  return { red: plain(red), green: plain(green), blue: plain(blue), alpha }
}

/** The middle of the ring's stroke, `turn` of a full turn clockwise from the top. */
function onRing(turn: number): [x: number, y: number] {
  const radius = 0.5 - 1 / 22 - 1.5 / 22
  return [0.5 + radius * Math.sin(turn * 2 * Math.PI), 0.5 - radius * Math.cos(turn * 2 * Math.PI)]
}

test.each(SIZES)(
  'at %i px a half-full ring is green on the left, a faint track on the right and open at the bottom',
  (size) => {
    const left = pixelAt(size, ring(), ...onRing(-0.25))
    const right = pixelAt(size, ring(), ...onRing(0.25))
    expect(left).toEqual({ red: 0x0f, green: 0x9d, blue: 0x76, alpha: 255 })
    expect(right.alpha).toBe(Math.round(0.28 * 255))
    expect(pixelAt(size, ring(), ...onRing(0.5)).alpha).toBe(0)
    expect(pixelAt(size, ring(), 0.02, 0.02).alpha).toBe(0)
  },
)

test('an empty ring is track alone, a full one covers the track to its end', () => {
  expect(pixelAt(44, ring({ step: 0 }), ...onRing(-0.3)).alpha).toBe(Math.round(0.28 * 255))
  expect(pixelAt(44, ring({ step: RING_STEPS }), ...onRing(0.36)).alpha).toBe(255)
})

test('the dot is there while an app is at work', () => {
  expect(pixelAt(22, ring({ isActive: true }), 0.5, 0.5)).toEqual({ red: 0x0f, green: 0x9d, blue: 0x76, alpha: 255 })
  expect(pixelAt(22, ring(), 0.5, 0.5).alpha).toBe(0)
})

test('a budget in danger turns the ring amber, an exceeded one red, brighter on a dark panel', () => {
  const colour = (alarm: 'amber' | 'red', panel: Panel) => {
    const { red, green, blue } = pixelAt(44, ring({ alarm }), ...onRing(-0.25), panel)
    return [red, green, blue]
  }
  expect(colour('amber', 'light')).toEqual([0xb7, 0x79, 0x1f])
  expect(colour('red', 'light')).toEqual([0xc5, 0x30, 0x30])
  expect(colour('amber', 'dark')).toEqual([0xf0, 0xb4, 0x29])
  expect(colour('red', 'dark')).toEqual([0xf5, 0x65, 0x65])
})

test('without figures the ring is broken: as many dashes as gaps between them, and no fill', () => {
  const alphas = Array.from(
    { length: 270 },
    (_, degree) => pixelAt(48, { kind: 'hollow' }, ...onRing((degree - 135) / 360)).alpha,
  )
  const starts = alphas.filter((alpha, index) => alpha > 80 && (alphas[index - 1] ?? 0) <= 80)
  expect(starts).toHaveLength(7)
  expect(Math.max(...alphas)).toBe(Math.round(0.62 * 255))
})

test('every step of the ring can be told from the next at every size', () => {
  for (const size of SIZES) {
    const drawn = Array.from({ length: RING_STEPS + 1 }, (_, step) => drawIcon(size, ring({ step }), 'dark').join())
    expect(new Set(drawn).size).toBe(RING_STEPS + 1)
  }
})

test('all numbers of up to three characters look different', () => {
  for (const size of SIZES) {
    const texts = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '42', '24', '310', '1k', '12k']
    const drawn = texts.map((text) => drawIcon(size, { kind: 'digits', text, alarm: 'calm' }, 'light').join())
    expect(new Set(drawn).size).toBe(texts.length)
  }
})

test('a sparkline has a bar for each value, the newest at the right', () => {
  const face: Face = { kind: 'sparkline', steps: [12], alarm: 'calm' }
  expect(pixelAt(44, face, 0.92, 0.1).alpha).toBe(255)
  expect(pixelAt(44, face, 0.08, 0.1).alpha).toBe(0)
  const full: Face = { kind: 'sparkline', steps: Array<number>(BARS + 3).fill(12), alarm: 'calm' }
  expect(pixelAt(44, full, 0.08, 0.1).alpha).toBe(255)
})

test('a template has no colour of its own', () => {
  const pixels = drawIcon(44, ring({ isActive: true, alarm: 'red' }), 'template')
  expect(pixels.some((_, index) => index % 4 === 3 && pixels[index] === 255)).toBe(true)
  expect(pixels.every((value, index) => index % 4 === 3 || value === 0)).toBe(true)
})

const anyFace = fc.oneof(
  fc.record({
    kind: fc.constant('ring' as const),
    step: fc.integer({ min: 0, max: 60 }),
    isActive: fc.boolean(),
    alarm: fc.constantFrom('calm' as const, 'amber' as const, 'red' as const),
  }),
  fc.record({
    kind: fc.constant('digits' as const),
    text: fc.stringMatching(/^[0-9k]{1,3}$/),
    alarm: fc.constant('calm' as const),
  }),
  fc.record({
    kind: fc.constant('sparkline' as const),
    steps: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 12 }),
    alarm: fc.constant('amber' as const),
  }),
  fc.constant({ kind: 'hollow' as const }),
)

test('no colour is ever more than its alpha, and nothing touches the outermost corner pixels', () => {
  fc.assert(
    fc.property(
      anyFace,
      fc.constantFrom(...SIZES),
      fc.constantFrom<Panel>('light', 'dark', 'template'),
      (face, size, panel) => {
        const pixels = drawIcon(size, face, panel)
        expect(pixels).toHaveLength(size * size * 4)
        const isPremultiplied = pixels.every((value, index) => value <= (pixels[index - (index % 4) + 3] ?? 0))
        expect(isPremultiplied).toBe(true)
        if (face.kind === 'ring') expect(pixels[3]).toBe(0)
      },
    ),
    fcOptions('icon', 100, 5_000),
  )
})
