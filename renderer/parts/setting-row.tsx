import { type ReactNode, useEffect, useState } from 'react'

const SHOWN_MS = 2_500

/** Outcome of a change: nothing yet, saved, or why not. */
export type Saved = { readonly ok: true } | { readonly ok: false; readonly reason: string } | null

/** One setting: its name, what it means, its control, and what became of the last change. */
export function SettingRow(props: {
  title: string
  htmlFor?: string
  text?: string
  saved: Saved
  children: ReactNode
}) {
  const { title, htmlFor, text, saved, children } = props
  return (
    <div className="setting">
      <div className="setting-words">
        {htmlFor === undefined ? (
          <span className="setting-title">{title}</span>
        ) : (
          <label className="setting-title" htmlFor={htmlFor}>
            {title}
          </label>
        )}
        {text !== undefined && <p className="setting-text">{text}</p>}
      </div>
      <div className="setting-control">
        <SavedMark saved={saved} />
        {children}
      </div>
    </div>
  )
}

/** "Saved" for a moment; a failure stays until the next change. */
export function SavedMark(props: { saved: Saved }) {
  const { saved } = props
  const [isShown, setShown] = useState(false)
  useEffect(() => {
    setShown(saved !== null)
    if (saved === null || !saved.ok) return
    const timer = setTimeout(() => setShown(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [saved])
  const text = saved === null || !isShown ? '' : saved.ok ? 'Saved' : `Not saved: ${saved.reason}`
  return (
    <span role="status" className={saved?.ok === false ? 'saved is-problem' : 'saved'}>
      {text}
    </span>
  )
}

/** Two to four choices side by side. */
export function Choice<T extends string>(props: {
  name: string
  label: string
  value: T
  options: readonly { readonly value: T; readonly title: string }[]
  onChoose: (value: T) => void
}) {
  return (
    <div className="choice" role="radiogroup" aria-label={props.label}>
      {props.options.map((option) => (
        <label key={option.value} className="choice-option">
          <input
            type="radio"
            name={props.name}
            value={option.value}
            checked={option.value === props.value}
            onChange={() => props.onChoose(option.value)}
          />
          <span>{option.title}</span>
        </label>
      ))}
    </div>
  )
}

export function Switch(props: {
  id: string
  checked: boolean
  label?: string
  isDisabled?: boolean
  onChange: (on: boolean) => void
}) {
  return (
    <input
      id={props.id}
      type="checkbox"
      role="switch"
      className="switch"
      aria-label={props.label}
      checked={props.checked}
      aria-checked={props.checked}
      disabled={props.isDisabled}
      onChange={(event) => props.onChange(event.target.checked)}
    />
  )
}
