import 'uplot/dist/uPlot.min.css'
import '../../renderer/style/tokens.css'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import type uPlot from 'uplot'
import { Chart } from '../../renderer/parts/chart.tsx'
import type { Palette } from '../../renderer/parts/palette.ts'

/** Draws a year of hours with the renderer's own chart; called by bench/cases/chart-year.ts. */

const HOURS = 8_760
const START_S = 1_767_225_600
const HEIGHT_PX = 300

/** Script and raster, ms: reading a pixel back forces the canvas to be drawn. */
async function drawYear(series: number): Promise<{ firstMs: number; newDataMs: number }> {
  const box = document.createElement('div')
  box.style.width = '900px'
  document.body.append(box)
  const root = createRoot(box)
  const render = (data: uPlot.AlignedData) =>
    flushSync(() =>
      root.render(
        <Chart heightPx={HEIGHT_PX} shapeKey="year" data={data} build={(palette) => options(series, palette)} />,
      ),
    )
  const [first, next] = [yearOf(series), yearOf(series)]
  const firstMs = await timed(() => render(first))
  const newDataMs = await timed(() => render(next))
  root.unmount()
  box.remove()
  return { firstMs, newDataMs }
}

async function timed(draw: () => void): Promise<number> {
  await new Promise(requestAnimationFrame)
  const startMs = performance.now()
  draw()
  // uPlot draws in a microtask.
  await null
  await null
  const canvas = document.querySelector('canvas')
  const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
  const tookMs = performance.now() - startMs
  if (pixels === undefined || pixels.every((value) => value === 0)) throw new Error('nothing was drawn')
  return tookMs
}

function options(series: number, palette: Palette): Omit<uPlot.Options, 'width' | 'height'> {
  const lines = Array.from({ length: series }, (_, index) => ({
    stroke: palette.series[index % palette.series.length] ?? palette.ink,
  }))
  return { legend: { show: false }, series: [{}, ...lines] }
}

function yearOf(series: number): uPlot.AlignedData {
  const hours = Array.from({ length: HOURS }, (_, hour) => START_S + hour * 3_600)
  const powers = Array.from({ length: series }, (_, index) =>
    hours.map((_hour, hour) => 20 + 10 * Math.sin(hour / 50 + index) + Math.random() * 5),
  )
  return [hours, ...powers]
}

Object.assign(globalThis, { drawYear })
