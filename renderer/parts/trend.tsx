import { figureText, formatEnergy } from '../../contract/format.ts'

/** Of the chart's own units; it is stretched to the box. */
const HEIGHT = 24

/** Energy in equal steps as bars on one axis; a step that nobody measured is a broken line on the axis: a gap, not nothing. */
export function Trend(props: { trendMj: readonly (number | null)[]; days: number; heightPx: number }) {
  const { trendMj, days, heightPx } = props
  const most = Math.max(1, ...trendMj.map((mj) => mj ?? 0))
  return (
    <svg
      className="trend"
      role="img"
      aria-label={trendWords(trendMj, days)}
      viewBox={`0 0 ${trendMj.length} ${HEIGHT}`}
      preserveAspectRatio="none"
      style={{ height: heightPx }}
    >
      {trendMj.map((mj, step) => {
        if (mj === null) {
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
          return <path key={step} className="trend-gap" d={`M${step} ${HEIGHT - 0.75}h1`} />
        }
        const height = Math.max(mj > 0 ? 1 : 0.5, (mj / most) * HEIGHT)
        const kind = mj > 0 ? 'trend-bar' : 'trend-none'
        // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
        return <rect key={step} className={kind} x={step + 0.1} width={0.8} y={HEIGHT - height} height={height} />
      })}
    </svg>
  )
}

export function trendWords(trendMj: readonly (number | null)[], days: number): string {
  const known = trendMj.filter((mj) => mj !== null)
  const step = days * 24 > trendMj.length + 1 ? 'day' : 'hour'
  if (known.length === 0) return `Energy by ${step}: nothing was measured`
  const gaps = trendMj.length - known.length
  return `Energy by ${step}: at most ${figureText(formatEnergy(Math.max(...known)))}${
    gaps === 0 ? '' : `, ${gaps} of ${trendMj.length} not measured`
  }`
}
