import type { Settings } from '../../../contract/settings.ts'
import { SettingRow } from '../../parts/setting-row.tsx'
import type { ScreenProps } from '../screen.ts'

/** Where remedies and search lead; meters are set up beside what they measure. */
export function Meters(props: { settings: Settings } & Pick<ScreenProps, 'onScreen'>) {
  const names = props.settings.wallMeters.map(({ name }) => name)
  return (
    <SettingRow
      title={names.length === 0 ? 'None is set up' : names.join(', ')}
      text="Plugs, UPSes and servers that measure this machine from outside."
      saved={null}
    >
      <button type="button" className="button" onClick={() => props.onScreen('sources', 'meters')}>
        Set up on Sources
      </button>
    </SettingRow>
  )
}
