/** Of the drawing's own units. */
const WIDTH = 100

/** A bar from nothing to the figure with the interval that it lies in; all of a table share `full`. Decoration: the figures stand beside it. */
export function Whisker(props: {
  value: number | null
  uncertainty: number | null
  full: number
  isEstimate: boolean
}) {
  const { value, uncertainty, full, isEstimate } = props
  const place = (figure: number) => Math.min(WIDTH, Math.max(0, (figure / full) * WIDTH))
  if (value === null || full <= 0) return <span className="whisker" aria-hidden="true" />
  const from = place(value * (1 - (uncertainty ?? 0)))
  const to = place(value * (1 + (uncertainty ?? 0)))
  return (
    <svg
      className={isEstimate ? 'whisker is-estimate' : 'whisker'}
      viewBox={`0 0 ${WIDTH} 12`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect className="whisker-bar" x="0" y="3" height="6" width={Math.max(0.5, place(value))} />
      {uncertainty !== null && uncertainty > 0 && (
        <path className="whisker-line" d={`M${from} 6H${to}M${from} 2.5v7M${to} 2.5v7`} />
      )}
    </svg>
  )
}

/** Full scale of whiskers: the furthest end, but no more than thrice the largest figure. */
export function whiskerScale(
  figures: readonly { readonly value: number | null; readonly uncertainty: number | null }[],
): number {
  const known = figures.filter(
    (figure): figure is { value: number; uncertainty: number | null } => figure.value !== null,
  )
  const most = Math.max(0, ...known.map(({ value }) => value))
  return Math.min(3 * most, Math.max(0, ...known.map(({ value, uncertainty }) => value * (1 + (uncertainty ?? 0)))))
}
