/** So much of the end stays where a name is too long: quantisation and tag stand there. */
const TAIL = 14
/** Shorter ones are clipped as any text is. */
const LONG = 28

/** A name that is clipped in its middle, for names that differ in their ends. The whole is in its title. */
export function LongName(props: { children: string }) {
  const name = props.children
  if (name.length <= LONG) return <span className="is-clipped">{name}</span>
  return (
    <span className="long-name" title={name}>
      <span className="is-clipped">{name.slice(0, -TAIL)}</span>
      <span className="long-name-tail">{name.slice(-TAIL)}</span>
    </span>
  )
}
