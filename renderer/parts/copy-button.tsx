import { useEffect, useState } from 'react'
import { call } from '../client.ts'
import { CheckIcon, CopyIcon } from './icons.tsx'

const SHOWN_MS = 2_000

/** Puts a text on the clipboard and says so. */
export function CopyButton(props: { text: string; label?: string }) {
  const { text, label = 'Copy' } = props
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null)
  useEffect(() => {
    if (outcome === null) return
    const timer = setTimeout(() => setOutcome(null), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [outcome])
  const copy = async () => setOutcome((await call('copyText', { text })).ok ? 'copied' : 'failed')
  return (
    <button type="button" className="button button-small" onClick={() => void copy()}>
      {outcome === 'copied' ? <CheckIcon /> : <CopyIcon />}
      <span aria-live="polite">{outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Not copied' : label}</span>
    </button>
  )
}

/** A command to paste, and the button that copies it. */
export function Command(props: { text: string }) {
  return (
    <div className="command">
      <code>{props.text}</code>
      <CopyButton text={props.text} />
    </div>
  )
}
