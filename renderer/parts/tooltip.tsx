import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from 'react'

const EDGE_PX = 8

/**
 * A figure that says where it comes from: on hover, on keyboard focus and on click. Escape closes it, and the pointer may
 * move onto it (WCAG 1.4.13). `content` holds nothing that can be clicked.
 */
export function Explain(props: { children: ReactNode; content: ReactNode; label?: string }) {
  const { children, content, label } = props
  const [isOpen, setOpen] = useState(false)
  const anchor = useRef<HTMLButtonElement>(null)
  const id = useId()
  return (
    <span className="explain" onPointerEnter={() => setOpen(true)} onPointerLeave={() => setOpen(false)}>
      <button
        ref={anchor}
        type="button"
        className="explain-button"
        aria-describedby={isOpen ? id : undefined}
        aria-label={label}
        onFocus={(event) => event.currentTarget.matches(':focus-visible') && setOpen(true)}
        onBlur={() => setOpen(false)}
        onClick={() => setOpen(true)}
      >
        {children}
      </button>
      {isOpen && (
        <Floating id={id} anchor={anchor.current} onClose={() => setOpen(false)}>
          {content}
        </Floating>
      )}
    </span>
  )
}

function Floating(props: { id: string; anchor: HTMLElement | null; onClose: () => void; children: ReactNode }) {
  const { id, anchor, onClose, children } = props
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (box.current !== null && anchor !== null) place(box.current, anchor)
  })
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      event.preventDefault()
      onClose()
    }
    document.addEventListener('keydown', close, { capture: true })
    return () => document.removeEventListener('keydown', close, { capture: true })
  }, [onClose])
  return (
    <div ref={box} id={id} role="tooltip" className="tooltip">
      {children}
    </div>
  )
}

/** Under the anchor, above it where there is no room, never over the window's edge. */
function place(box: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect()
  const size = box.getBoundingClientRect()
  const left = Math.min(Math.max(EDGE_PX, at.left), window.innerWidth - size.width - EDGE_PX)
  const below = at.bottom + 4
  const top = below + size.height + EDGE_PX <= window.innerHeight ? below : Math.max(EDGE_PX, at.top - 4 - size.height)
  box.style.left = `${left}px`
  box.style.top = `${top}px`
}
