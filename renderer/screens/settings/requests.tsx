import { useState } from 'react'
import { SettingRow, Switch } from '../../parts/setting-row.tsx'
import { type SectionProps, useChange } from './change.ts'
import { parseDays } from './parse-days.ts'

/** What is kept of single requests, and whether what was computed elsewhere is given a figure. */
export function Requests(props: SectionProps) {
  const { settings } = props
  const kept = useChange(props)
  const remote = useChange(props)
  const [problem, setProblem] = useState<string | null>(null)
  const commit = (text: string) => {
    const parsed = parseDays(text)
    setProblem(parsed.ok ? null : parsed.reason)
    if (parsed.ok && parsed.value !== settings.requestDays) kept.change({ requestDays: parsed.value })
  }
  return (
    <>
      <SettingRow
        title="Keep single requests"
        htmlFor="request-days"
        text="Days; after them only counts and distributions by the hour are left. What was asked and answered is never kept."
        saved={problem === null ? kept.saved : { ok: false, reason: problem }}
      >
        <input
          id="request-days"
          className="input-number"
          inputMode="numeric"
          defaultValue={settings.requestDays}
          aria-invalid={problem !== null}
          onBlur={(event) => commit(event.target.value)}
          onKeyDown={(event) => event.key === 'Enter' && commit(event.currentTarget.value)}
        />
      </SettingRow>
      <SettingRow
        title="Estimate what cloud answers took"
        htmlFor="estimate-remote"
        text="From published figures, which differ by a factor of seven. Shown beside cloud models as an estimate, never added to what is measured here."
        saved={remote.saved}
      >
        <Switch
          id="estimate-remote"
          checked={settings.estimateRemote}
          onChange={(estimateRemote) => remote.change({ estimateRemote })}
        />
      </SettingRow>
    </>
  )
}
