import type { AppInfo } from '../../../contract/app.ts'
import { call, useContract } from '../../client.ts'
import { Skeleton, View } from '../../parts/view.tsx'

const trayStates: Readonly<Record<AppInfo['trayState'], string>> = {
  shown: 'shown',
  absent: 'this desktop has no place for tray icons',
  refused: 'the desktop did not take the icon',
}

export function About() {
  const info = useContract('appInfo', {})
  const engine = useContract('engineInfo', {})
  return (
    <View of={info} skeleton={<Skeleton heightPx={120} label="Asking the app" />}>
      {(app) => (
        <>
          <dl className="facts-list">
            <Fact name="Perwatt" text={app.version} />
            <Fact name="Engine" text={engine.value?.version ?? 'not running'} />
            <Fact
              name="Electron"
              text={`${app.electron}${app.runtime === 'fallback' ? ', development runtime' : ''}`}
            />
            <Fact name="Node.js" text={app.node} />
            <Fact name="Tray icon" text={trayStates[app.trayState]} />
            <Fact name="Licence" text="MIT" />
          </dl>
          <button type="button" className="button" onClick={() => void call('quit', {})}>
            Quit Perwatt
          </button>
        </>
      )}
    </View>
  )
}

function Fact(props: { name: string; text: string }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.text}</dd>
    </div>
  )
}
