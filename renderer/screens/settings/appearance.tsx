import { Choice, SettingRow, Switch } from '../../parts/setting-row.tsx'
import { type SectionProps, useChange } from './change.ts'

const themes = [
  { value: 'system', title: 'System' },
  { value: 'light', title: 'Light' },
  { value: 'dark', title: 'Dark' },
] as const

const trayStyles = [
  { value: 'ring', title: 'Ring' },
  { value: 'digits', title: 'Digits' },
  { value: 'sparkline', title: 'Sparkline' },
] as const

export function Appearance(props: SectionProps) {
  const { settings } = props
  const theme = useChange(props)
  const style = useChange(props)
  const title = useChange(props)
  return (
    <>
      <SettingRow title="Theme" saved={theme.saved}>
        <Choice
          name="theme"
          label="Theme"
          value={settings.theme}
          options={themes}
          onChoose={(chosen) => theme.change({ theme: chosen })}
        />
      </SettingRow>
      <SettingRow title="Tray icon" text="What the icon shows of the AI’s power." saved={style.saved}>
        <Choice
          name="tray-style"
          label="Tray icon"
          value={settings.trayStyle}
          options={trayStyles}
          onChoose={(chosen) => style.change({ trayStyle: chosen })}
        />
      </SettingRow>
      <SettingRow
        title="Watts beside the icon"
        htmlFor="tray-title"
        text="Where the panel shows a title, as macOS does."
        saved={title.saved}
      >
        <Switch id="tray-title" checked={settings.trayTitle} onChange={(trayTitle) => title.change({ trayTitle })} />
      </SettingRow>
    </>
  )
}
