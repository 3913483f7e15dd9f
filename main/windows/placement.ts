/** Where the popover goes. Pure. */
export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
export type Point = { readonly x: number; readonly y: number }

const MARGIN = 8

/**
 * Beside the icon where the system says where that is; else beside the pointer, where it is on the panel (a click on the
 * icon brought it there); else in the corner by the panel. Always wholly inside the work area.
 */
export function placePopover(
  size: { readonly width: number; readonly height: number },
  icon: Box,
  pointer: Point,
  display: { readonly bounds: Box; readonly workArea: Box },
): Point {
  const { bounds, workArea } = display
  const [right, bottom] = [workArea.x + workArea.width, workArea.y + workArea.height]
  const anchor = anchorOf(icon, pointer, display) ?? cornerOf(bounds, workArea)
  const clamp = (value: number, least: number, most: number) => Math.round(Math.max(least, Math.min(value, most)))
  return {
    x: clamp(anchor.x - size.width / 2, workArea.x + MARGIN, right - size.width - MARGIN),
    y: clamp(anchor.y - size.height / 2, workArea.y + MARGIN, bottom - size.height - MARGIN),
  }
}

function anchorOf(icon: Box, pointer: Point, { bounds, workArea }: { bounds: Box; workArea: Box }): Point | null {
  if (icon.width > 0 && icon.height > 0) return { x: icon.x + icon.width / 2, y: icon.y + icon.height / 2 }
  return isInside(bounds, pointer) && !isInside(workArea, pointer) ? pointer : null
}

/** A panel is where the work area is smaller than the screen; without one, the corner where most systems have theirs. */
function cornerOf(bounds: Box, workArea: Box): Point {
  const isPanelOnTop = workArea.y > bounds.y
  return { x: bounds.x + bounds.width, y: isPanelOnTop ? bounds.y : bounds.y + bounds.height }
}

export function isInside(box: Box, point: Point): boolean {
  return point.x >= box.x && point.x < box.x + box.width && point.y >= box.y && point.y < box.y + box.height
}
