import { type RefObject, useEffect, useRef } from 'react'

/** Brings the heading of a section into view, and the focus to it, when a search or a link leads there. */
export function useArrival(isTarget: boolean): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (!isTarget) return
    heading.current?.scrollIntoView({ block: 'start' })
    heading.current?.focus()
  }, [isTarget])
  return heading
}
