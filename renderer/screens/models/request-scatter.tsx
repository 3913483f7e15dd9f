import { useMemo, useRef, useState } from 'react'
import type uPlot from 'uplot'
import { figureText, formatAmount, formatEnergy, THIN } from '../../../contract/format.ts'
import type { RequestRow } from '../../../contract/models.ts'
import { Chart } from '../../parts/chart.tsx'
import { type Palette, translucent } from '../../parts/palette.ts'
import { count } from '../../words.ts'
import { durationText } from '../../work-words.ts'
import { requestTime } from './request-list.tsx'
import { type Dots, logRange, logSteps } from './scatter-dots.ts'

const HEIGHT_PX = 248
const DOT_PX = 7
/** Further from the pointer than this, a dot is not meant. */
const REACH_PX = 24

/** Output tokens against joules, a dot a request, both axes logarithmic. The list beneath holds the same in words. */
export function RequestScatter(props: { dots: Dots }) {
  const { dots } = props
  const [index, setIndex] = useState<number | null>(null)
  const plot = useRef<uPlot | null>(null)
  const data = useMemo<uPlot.AlignedData>(() => [[...dots.at], [...dots.measuredJ], [...dots.estimatedJ]], [dots])
  const request = index === null ? undefined : dots.requests[index]
  return (
    <div className="scatter">
      <div role="img" aria-label={scatterWords(dots)}>
        <Chart
          heightPx={HEIGHT_PX}
          shapeKey="requests"
          data={data}
          build={(palette) => options(palette, setIndex)}
          onReady={(made) => {
            plot.current = made
          }}
        />
      </div>
      {request !== undefined && <Dot request={request} plot={plot.current} />}
      <p className="legend scatter-legend" aria-hidden="true">
        <span className="dot-mark" /> measured
        <span className="dot-mark is-hollow" /> energy or tokens estimated
      </p>
      {dots.leftOut > 0 && (
        <p className="facts">
          {count(dots.leftOut, 'request')} without a dot: no output, tokens not reported, or energy unknown here.
        </p>
      )}
    </div>
  )
}

function Dot(props: { request: RequestRow; plot: uPlot | null }) {
  const { request, plot } = props
  const left = plot === null ? 0 : plot.valToPos(request.completionTokens ?? 1, 'x') + plot.bbox.left / devicePixelRatio
  const isRight = plot !== null && left > plot.width / 2
  return (
    <div
      className="moment"
      style={isRight ? { right: (plot?.width ?? 0) - left + 12 } : { left: left + 12 }}
      aria-hidden="true"
    >
      <div className="moment-head">
        <span>{requestTime(request.beganMs)}</span>
        <span>{figureText(formatEnergy(request.energyMj ?? 0))}</span>
      </div>
      <div className="moment-row">
        <span className="moment-name">Output</span>
        <span>{formatAmount(request.completionTokens ?? 0)} tokens</span>
      </div>
      <div className="moment-row">
        <span className="moment-name">Duration</span>
        <span>{durationText(request.durationMs)}</span>
      </div>
      {request.userName !== null && (
        <div className="moment-row">
          <span className="moment-name">User</span>
          <span>{request.userName}</span>
        </div>
      )}
    </div>
  )
}

export function scatterWords({ requests }: Dots): string {
  const energies = requests.map(({ energyMj }) => energyMj ?? 0)
  const tokens = requests.map(({ completionTokens }) => completionTokens ?? 0)
  const span = (figures: readonly number[], text: (figure: number) => string) =>
    `${text(Math.min(...figures))} to ${text(Math.max(...figures))}`
  return `${count(requests.length, 'request')} by output and energy: ${span(tokens, formatAmount)} tokens, ${span(energies, (mj) => figureText(formatEnergy(mj)))}`
}

function options(palette: Palette, onIndex: (index: number | null) => void): Omit<uPlot.Options, 'width' | 'height'> {
  const axis = (text: (value: number) => string, size: number, side: 2 | 3): uPlot.Axis => ({
    side,
    stroke: palette.ink2,
    font: '11px system-ui',
    size,
    grid: { stroke: palette.line, width: 1 },
    ticks: { show: false },
    splits: (_u, _axis, from, to) => logSteps(from, to),
    // uPlot leaves out what it takes for crowded between decades; here all steps are few.
    filter: (_u, splits) => splits,
    values: (_u, splits) => splits.map((value) => (value === null ? '' : text(value))),
  })
  const dots = (colour: string, isHollow: boolean): uPlot.Series => ({
    paths: () => null,
    points: {
      show: true,
      size: DOT_PX,
      width: 1,
      stroke: colour,
      fill: isHollow ? palette.paper : translucent(colour, 0.4),
    },
  })
  const range: uPlot.Range.Function = (_u, least, most) => logRange(least ?? 1, most ?? 10)
  return {
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: {
      ...{ x: false, y: false, drag: { x: false, y: false } },
      points: { size: DOT_PX + 6, width: 2, fill: 'transparent', stroke: () => palette.ink },
      dataIdx: (u, series) => nearestDot(u, series),
    },
    scales: { x: { time: false, distr: 3, range }, y: { distr: 3, range } },
    axes: [
      { ...axis(stepText, 26, 2), label: 'Output tokens', labelSize: 18, labelFont: '11px system-ui' },
      axis((value) => (value < 1_000 ? `${value}${THIN}J` : `${value / 1_000}${THIN}kJ`), 58, 3),
    ],
    series: [{}, dots(palette.accent, false), dots(palette.ink2, true)],
    hooks: { setCursor: [(u) => onIndex(u.cursor.idxs?.find((index) => index != null) ?? null)] },
  }
}

function stepText(tokens: number): string {
  return tokens < 1_000 ? String(tokens) : tokens < 1_000_000 ? `${tokens / 1_000}${THIN}k` : `${tokens / 1e6}${THIN}M`
}

/** The dot under the pointer, for the series that it is of; dots stand close, so both axes decide. */
function nearestDot(u: uPlot, series: number): number | null {
  const { left = -1, top = -1 } = u.cursor
  if (series === 0 || left < 0) return null
  let nearest = { series: 0, index: 0, distance: REACH_PX }
  for (const of of [1, 2]) {
    u.data[of]?.forEach((joules, index) => {
      if (joules == null) return
      const x = u.valToPos(u.data[0][index] ?? 0, 'x')
      const distance = Math.hypot(x - left, u.valToPos(joules, 'y') - top)
      if (distance < nearest.distance) nearest = { series: of, index, distance }
    })
  }
  return nearest.series === series ? nearest.index : null
}
