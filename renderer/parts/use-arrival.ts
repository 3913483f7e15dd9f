import { type RefObject, useEffect, useRef } from 'react'

/** Sections above may still wait for their answers, and push this one down when they come. */
const SETTLES_WITHIN_MS = 2_000
const touches = ['wheel', 'pointerdown', 'keydown'] as const

/** Brings the heading of a section into view, and the focus to it, when a search or a link leads there. */
export function useArrival(isTarget: boolean): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    const element = heading.current
    const sections = element?.closest('section')?.parentElement
    if (!isTarget || element === null || sections == null) return
    element.focus()
    const follow = new ResizeObserver(() => element.scrollIntoView({ block: 'start' }))
    follow.observe(sections)
    const stop = () => follow.disconnect()
    const timer = setTimeout(stop, SETTLES_WITHIN_MS)
    for (const touch of touches) window.addEventListener(touch, stop, { once: true, passive: true })
    return () => {
      stop()
      clearTimeout(timer)
      for (const touch of touches) window.removeEventListener(touch, stop)
    }
  }, [isTarget])
  return heading
}
