import type { Layer } from '../live/stack.ts'

/** The colour of a layer; hollow for an app that has none now. */
export function Swatch(props: { kind: Layer['kind']; slot: number | null }) {
  const name = props.kind !== 'app' ? props.kind : props.slot === null ? 'none' : String(props.slot)
  return <span className="swatch" data-series={name} aria-hidden="true" />
}
