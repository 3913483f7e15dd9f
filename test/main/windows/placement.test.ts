import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placePopover } from '../../../main/windows/placement.ts'
import { fcOptions } from '../../support/counts.ts'

const size = { width: 340, height: 420 }
const bottomPanel = {
  bounds: { x: 0, y: 0, width: 1280, height: 800 },
  workArea: { x: 0, y: 0, width: 1280, height: 768 },
}
const topPanel = { bounds: bottomPanel.bounds, workArea: { x: 0, y: 28, width: 1280, height: 772 } }
const nowhere = { x: 0, y: 0, width: 0, height: 0 }
const inTheMiddle = { x: 600, y: 400 }

test('the popover is centred over the icon and stays off the panel', () => {
  const icon = { x: 900, y: 772, width: 24, height: 24 }
  expect(placePopover(size, icon, inTheMiddle, bottomPanel)).toEqual({ x: 742, y: 340 })
})

test('an icon that the system does not place is where the pointer clicked the panel', () => {
  expect(placePopover(size, nowhere, { x: 800, y: 790 }, bottomPanel)).toEqual({ x: 630, y: 340 })
  expect(placePopover(size, nowhere, { x: 800, y: 10 }, topPanel)).toEqual({ x: 630, y: 36 })
})

test('with neither it is in the corner by the panel', () => {
  expect(placePopover(size, nowhere, inTheMiddle, bottomPanel)).toEqual({ x: 932, y: 340 })
  expect(placePopover(size, nowhere, inTheMiddle, topPanel)).toEqual({ x: 932, y: 36 })
})

test('it is always wholly inside the work area', () => {
  const coordinate = fc.integer({ min: -4_000, max: 4_000 })
  fc.assert(
    fc.property(coordinate, coordinate, coordinate, coordinate, fc.nat(60), (x, y, left, top, panel) => {
      const bounds = { x: left, y: top, width: 1280, height: 800 }
      const workArea = { ...bounds, height: 800 - panel }
      const at = placePopover(size, nowhere, { x, y }, { bounds, workArea })
      expect(at.x).toBeGreaterThanOrEqual(left)
      expect(at.x + size.width).toBeLessThanOrEqual(left + 1280)
      expect(at.y).toBeGreaterThanOrEqual(top)
      expect(at.y + size.height).toBeLessThanOrEqual(top + workArea.height)
    }),
    fcOptions('placement', 500, 20_000),
  )
})
