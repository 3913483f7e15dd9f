import type { ReactNode } from 'react'
import { WarningIcon } from './icons.tsx'

/** What the reader should know before the figures. One line, one thing to do. */
export function Banner(props: { tone: 'plain' | 'amber' | 'red'; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="banner" data-tone={props.tone} role={props.tone === 'red' ? 'alert' : 'status'}>
      {props.tone !== 'plain' && <WarningIcon />}
      <div className="banner-text">{props.children}</div>
      {props.action}
    </div>
  )
}
