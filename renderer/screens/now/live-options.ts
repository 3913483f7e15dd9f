import type uPlot from 'uplot'
import { fullScaleW, gapsOf, type Layer, type Stack } from '../../live/stack.ts'
import { hatch, mix, type Palette, translucent } from '../../parts/palette.ts'
import { clockTime } from '../../words.ts'

/** What a chart is made for; while it stays, only data changes. */
export type ChartShape = {
  readonly layers: readonly Pick<Layer, 'kind' | 'slot'>[]
  readonly isEstimate: boolean
  readonly hasBand: boolean
}

const SHORTEST_S = 120
const LONGEST_S = 900
const FONT = '11px system-ui, sans-serif'

/**
 * Columns in painting order: each layer's upper edge from the top of the pile down, each filled to the axis and covered
 * by the next; then the band's edges, then the machine's line.
 */
export function chartData(stack: Stack, uncertainty: number | null): uPlot.AlignedData {
  const tops = [...stack.layers].reverse().map((layer) => [...layer.topW])
  const edge = (factor: number) => stack.machineW.map((value) => (value === null ? null : Math.max(0, value * factor)))
  const band = uncertainty === null ? [] : [edge(1 + uncertainty), edge(1 - uncertainty)]
  return [[...stack.at], ...tops, ...band, [...stack.machineW]]
}

export function chartOptions(
  shape: ChartShape,
  palette: Palette,
  onCursor: (index: number | null) => void,
): Omit<uPlot.Options, 'width' | 'height'> {
  const layers = [...shape.layers].reverse().map((layer) => layerSeries(layer, palette))
  const firstBand = layers.length + 1
  const hidden: uPlot.Series = { width: 0, points: { show: false } }
  const machine: uPlot.Series = {
    stroke: palette.ink,
    width: 1.25,
    points: { show: false },
    ...(shape.isEstimate && { dash: [5, 4] }),
  }
  return {
    padding: [12, 20, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: false, y: false },
    },
    scales: {
      x: { time: true, range: timeRange },
      y: { range: (_u, _min, max) => [0, fullScaleW(max ?? 0)] },
    },
    axes: [timeAxis(palette), powerAxis(palette)],
    series: [{}, ...layers, ...(shape.hasBand ? [hidden, hidden] : []), machine],
    bands: shape.hasBand
      ? [{ series: [firstBand, firstBand + 1] as [number, number], fill: translucent(palette.ink, 0.14) }]
      : [],
    hooks: {
      setCursor: [(u) => onCursor(u.cursor.idx ?? null)],
      draw: [(u) => drawGaps(u, palette)],
    },
  }
}

function layerSeries(layer: Pick<Layer, 'kind' | 'slot'>, palette: Palette): uPlot.Series {
  const colour = layer.slot === null ? palette.other : (palette.series[layer.slot] ?? palette.other)
  const fill = {
    app: () => mix(colour, palette.paper, 0.72),
    more: () => mix(palette.other, palette.paper, 0.72),
    other: () => mix(palette.other, palette.paper, 0.34),
    idle: () => hatch(mix(palette.other, palette.paper, 0.6), mix(palette.idle, palette.paper, 0.6)),
  }[layer.kind]
  // The same width for all, though only apps have a line: uPlot shifts by half of it, and covers must lie on what they cover.
  return { width: 1, fill, points: { show: false }, ...(layer.kind === 'app' && { stroke: colour }) }
}

/** Two minutes at first, then as much as there is, at most fifteen: a new window is not mostly empty. */
function timeRange(_u: uPlot, min: number | null, max: number | null): [number, number] {
  const toS = max ?? Date.now() / 1_000
  const lengthS = Math.min(LONGEST_S, Math.max(SHORTEST_S, toS - (min ?? toS)))
  return [toS - lengthS, toS]
}

function timeAxis(palette: Palette): uPlot.Axis {
  return {
    font: FONT,
    stroke: palette.ink2,
    size: 26,
    gap: 6,
    space: 72,
    incrs: [15, 30, 60, 120, 180, 300],
    grid: { show: false },
    ticks: { stroke: palette.line, width: 1, size: 4 },
    values: (_u, splits) => splits.map((s) => clockTime(s, s % 60 !== 0)),
  }
}

function powerAxis(palette: Palette): uPlot.Axis {
  return {
    font: FONT,
    stroke: palette.ink2,
    size: 44,
    gap: 6,
    space: 36,
    grid: { stroke: palette.line, width: 1 },
    ticks: { show: false },
    values: (_u, splits) => splits.map((watts, index) => (index === splits.length - 1 ? `${watts} W` : `${watts}`)),
  }
}

/** A hatched bar on the axis wherever there is no figure. */
function drawGaps(u: uPlot, palette: Palette): void {
  const machineW = u.data.at(-1)
  if (machineW === undefined) return
  const gaps = gapsOf(u.data[0] as number[], machineW as (number | null)[])
  if (gaps.length === 0) return
  const height = 5 * devicePixelRatio
  u.ctx.save()
  u.ctx.fillStyle = hatch(palette.ink2, palette.paper)
  for (const { fromS, toS } of gaps) {
    const left = Math.max(u.bbox.left, u.valToPos(fromS, 'x', true))
    const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos(toS, 'x', true))
    if (right > left) u.ctx.fillRect(left, u.bbox.top + u.bbox.height - height, right - left, height)
  }
  u.ctx.restore()
}
