import { useState } from 'react'
import { SettingRow, Switch } from '../../parts/setting-row.tsx'
import { type SectionProps, useChange } from './change.ts'
import { parseCooling } from './parse-cooling.ts'

/** What apps answer for beyond what is measured of them: applied to what is shown, never to what is recorded. */
export function Overhead(props: SectionProps) {
  const { settings } = props
  const overhead = useChange(props)
  const cooling = useChange(props)
  const [problem, setProblem] = useState<string | null>(null)
  const commit = (text: string) => {
    const parsed = parseCooling(text)
    setProblem(parsed.ok ? null : parsed.reason)
    if (parsed.ok && parsed.value !== settings.coolingFactor) cooling.change({ coolingFactor: parsed.value })
  }
  return (
    <>
      <SettingRow
        title="Count the machine’s overhead into apps"
        htmlFor="count-overhead"
        text="PSU, fans, board and display, in proportion to what each app draws; while a wall meter, the battery or the board tells them. What is recorded stays as measured."
        saved={overhead.saved}
      >
        <Switch
          id="count-overhead"
          checked={settings.countOverhead}
          onChange={(countOverhead) => overhead.change({ countOverhead })}
        />
      </SettingRow>
      <SettingRow
        title="Factor for cooling"
        htmlFor="cooling"
        text="Watts that the building draws for each of this machine’s, its PUE: 1 at home, 1.2 to 1.6 in a server room. Apps are shown × this."
        saved={problem === null ? cooling.saved : { ok: false, reason: problem }}
      >
        <input
          id="cooling"
          className="input-number"
          inputMode="decimal"
          placeholder="1"
          defaultValue={settings.coolingFactor}
          aria-invalid={problem !== null}
          onBlur={(event) => commit(event.target.value)}
          onKeyDown={(event) => event.key === 'Enter' && commit(event.currentTarget.value)}
        />
      </SettingRow>
    </>
  )
}
