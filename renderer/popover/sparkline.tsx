import { useMemo } from 'react'
import type uPlot from 'uplot'
import type { Live, Now } from '../../contract/now.ts'
import { fullScaleW } from '../live/stack.ts'
import { Chart } from '../parts/chart.tsx'
import { mix, type Palette } from '../parts/palette.ts'
import { aiPowerW } from './ai-power.ts'

const HEIGHT_PX = 52
const SHORTEST_S = 120

/** The machine's line over the AI's area, without axes: the shape of the last ten minutes. */
export function Sparkline(props: { live: Live; now: Now }) {
  const { live, now } = props
  const selfKey = now.apps.find((app) => app.isSelf)?.id
  const data = useMemo<uPlot.AlignedData>(() => {
    const selfIds = new Set(selfKey === undefined ? [] : [String(selfKey)])
    return [[...live.at], aiPowerW(live, selfIds), [...live.machineW]]
  }, [live, selfKey])
  return (
    <div className="sparkline" role="img" aria-label="Power of the AI and of the machine in the last ten minutes">
      <Chart
        heightPx={HEIGHT_PX}
        shapeKey={String(live.estimated)}
        data={data}
        build={(palette) => options(palette, live.estimated)}
      />
    </div>
  )
}

function options(palette: Palette, isEstimate: boolean): Omit<uPlot.Options, 'width' | 'height'> {
  return {
    padding: [4, 0, 2, 0],
    legend: { show: false },
    cursor: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: {
      x: { time: true, range: (_u, min, max) => [Math.min(min ?? 0, (max ?? 0) - SHORTEST_S), max ?? 0] },
      y: { range: (_u, _min, max) => [0, fullScaleW(max ?? 0)] },
    },
    series: [
      {},
      {
        stroke: palette.accent,
        width: 1.25,
        fill: mix(palette.accent, palette.paper, 0.24),
        points: { show: false },
      },
      { stroke: palette.ink2, width: 1, points: { show: false }, ...(isEstimate && { dash: [4, 3] }) },
    ],
  }
}
