import type { ReactNode } from 'react'
import { useContract } from '../client.ts'
import { useArrival } from '../parts/use-arrival.ts'
import { Skeleton, View } from '../parts/view.tsx'
import type { ScreenProps } from './screen.ts'
import { About } from './settings/about.tsx'
import { Appearance } from './settings/appearance.tsx'
import { Apps } from './settings/apps.tsx'
import { Behaviour } from './settings/behaviour.tsx'
import { Data } from './settings/data.tsx'
import { Meters } from './settings/meters.tsx'
import { Network } from './settings/network.tsx'
import { Overhead } from './settings/overhead.tsx'
import { Price } from './settings/price.tsx'
import { Requests } from './settings/requests.tsx'
import { type SectionId, sections } from './settings/sections.ts'

/** Every change is saved at once, says so, and can be undone where it deletes. */
export function Settings(props: ScreenProps) {
  const asked = useContract('settings', {}, 'settingsChanged')
  const { replace } = asked
  return (
    <>
      <header className="screen-head">
        <h1>Settings</h1>
      </header>
      <View of={asked} skeleton={<Skeleton heightPx={420} label="Waiting for the settings" />}>
        {(settings) => {
          const bodies: Record<SectionId, ReactNode> = {
            appearance: <Appearance settings={settings} onSaved={replace} />,
            behaviour: <Behaviour settings={settings} onSaved={replace} />,
            price: <Price settings={settings} onSaved={replace} />,
            overhead: <Overhead settings={settings} onSaved={replace} />,
            apps: <Apps settings={settings} onSaved={replace} wanted={props.target} />,
            requests: <Requests settings={settings} onSaved={replace} />,
            data: <Data />,
            meters: <Meters settings={settings} onScreen={props.onScreen} />,
            network: <Network meters={settings.wallMeters} />,
            about: <About />,
          }
          return sections.map(({ id, title }) => (
            <Section key={id} id={id} title={title} isTarget={props.target === id}>
              {bodies[id]}
            </Section>
          ))
        }}
      </View>
    </>
  )
}

function Section(props: { id: string; title: string; isTarget: boolean; children: ReactNode }) {
  const { id, title, isTarget, children } = props
  const heading = useArrival(isTarget)
  return (
    <section className="settings-section" aria-labelledby={`section-${id}`}>
      <h2 id={`section-${id}`} ref={heading} tabIndex={-1} className="section-title">
        {title}
      </h2>
      {children}
    </section>
  )
}
