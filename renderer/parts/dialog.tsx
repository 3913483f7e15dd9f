import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'

/**
 * A sheet over the screen: focus stays inside, Escape closes it, and focus returns to where it was (all by `<dialog>`). It
 * begins at the element marked `data-first-focus`, else at the first that takes it.
 */
export function Dialog(props: {
  title: string
  className?: string
  isTitleHidden?: boolean
  onClose: () => void
  children: ReactNode
}) {
  const { title, className, isTitleHidden = false, onClose, children } = props
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  // In the layout phase, because only a dialog that still stands in the page can hand the focus back.
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    element?.querySelector<HTMLElement>('[data-first-focus]')?.focus()
    return () => element?.close()
  }, [])
  return createPortal(
    <dialog
      ref={dialog}
      className={className === undefined ? 'dialog' : `dialog ${className}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <h2 id={id} className={isTitleHidden ? 'sr-only' : 'dialog-title'}>
        {title}
      </h2>
      {children}
    </dialog>,
    document.body,
  )
}
