import { RemoteIcon } from './icons.tsx'

/** Beside a name whose model runs elsewhere. */
export function RemoteTag() {
  return (
    <span className="tag" title="Its model runs elsewhere: these are the joules of the client on this machine alone.">
      <RemoteIcon /> <span className="tag-word">remote</span>
    </span>
  )
}
