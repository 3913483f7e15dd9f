import { useState } from 'react'
import type { AppInfo } from '../../../contract/app.ts'
import { call, useContract } from '../../client.ts'
import { type Saved, SettingRow, Switch } from '../../parts/setting-row.tsx'
import { type SectionProps, useChange } from './change.ts'

export function Behaviour(props: SectionProps) {
  const { settings } = props
  const names = useChange(props)
  return (
    <>
      <StartAtLogin />
      <SettingRow
        title="Show names of accounts"
        htmlFor="show-names"
        text="Otherwise people are “User 1”, “User 2”. Names are never stored in the ledger."
        saved={names.saved}
      >
        <Switch id="show-names" checked={settings.showNames} onChange={(showNames) => names.change({ showNames })} />
      </SettingRow>
    </>
  )
}

/** The login item belongs to the desktop, so the app is asked, not the settings file. */
function StartAtLogin() {
  const info = useContract('appInfo', {})
  const [saved, setSaved] = useState<Saved>(null)
  const { value } = info
  const change = async (app: AppInfo, on: boolean) => {
    info.replace({ ...app, loginItem: on })
    const answer = await call('setStartAtLogin', { on })
    info.replace(answer.ok ? { ...app, loginItem: answer.value.loginItem } : app)
    setSaved(answer.ok ? { ok: true } : { ok: false, reason: answer.reason })
  }
  return (
    <SettingRow
      title="Start at login"
      htmlFor="start-at-login"
      text={
        value?.loginItem === null
          ? 'This desktop offers no way to do that from here.'
          : 'Starts in the tray, without a window.'
      }
      saved={saved}
    >
      <Switch
        id="start-at-login"
        checked={value?.loginItem ?? false}
        isDisabled={value === null || value.loginItem === null}
        onChange={(on) => value !== null && void change(value, on)}
      />
    </SettingRow>
  )
}
