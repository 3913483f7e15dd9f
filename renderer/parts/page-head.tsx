import { type ReactNode, useEffect, useRef } from 'react'
import type { ScreenId } from '../../contract/app.ts'
import { placeOf } from '../navigation.ts'
import { BackIcon } from './icons.tsx'

/** Head of a page that a row leads to: the way back, and its name, which takes the focus so that the keyboard goes on from here. */
export function PageHead(props: {
  back: ScreenId
  backTitle: string
  title: string
  tags?: ReactNode
  children?: ReactNode
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus({ preventScroll: true })
    heading.current?.closest('.screen')?.scrollTo(0, 0)
  }, [])
  return (
    <header className="screen-head page-head">
      <div className="page-name">
        <a className="back-link" href={placeOf(props.back)}>
          <BackIcon />
          {props.backTitle}
        </a>
        <h1 ref={heading} tabIndex={-1} className="is-clipped" title={props.title}>
          {props.title}
        </h1>
        {props.tags}
      </div>
      {props.children}
    </header>
  )
}

/** Up to four figures side by side. */
export function Figures(props: { label: string; children: ReactNode }) {
  return (
    <section className="hero figures" aria-label={props.label}>
      {props.children}
    </section>
  )
}

export function FigureCell(props: { label: string; foot?: string; children: ReactNode }) {
  return (
    <div className="hero-cell">
      <span className="hero-label">{props.label}</span>
      <span className="figure-line">{props.children}</span>
      <span className="hero-foot" title={props.foot}>
        {props.foot ?? '\u00a0'}
      </span>
    </div>
  )
}
