import { useState } from 'react'
import type { Settings } from '../../../contract/settings.ts'
import { call } from '../../client.ts'
import type { Saved } from '../../parts/setting-row.tsx'

export type SectionProps = {
  readonly settings: Settings
  /** The whole of the settings as they now are. */
  readonly onSaved: (settings: Settings) => void
}

/** One setting's change and what became of it. The control follows at once, and goes back where it could not be saved. */
export function useChange({ settings, onSaved }: SectionProps): {
  saved: Saved
  change: (part: Partial<Settings>) => void
} {
  const [saved, setSaved] = useState<Saved>(null)
  const change = async (part: Partial<Settings>) => {
    onSaved({ ...settings, ...part })
    const answer = await call('changeSettings', part)
    onSaved(answer.ok ? answer.value : settings)
    setSaved(answer.ok ? { ok: true } : { ok: false, reason: answer.reason })
  }
  return { saved, change: (part) => void change(part) }
}
