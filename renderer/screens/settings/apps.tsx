import { useDeferredValue, useState } from 'react'
import type { z } from 'zod'
import type { CatalogueApp } from '../../../contract/catalogue.ts'
import { useContract } from '../../client.ts'
import { SavedMark, Switch } from '../../parts/setting-row.tsx'
import { Skeleton, View } from '../../parts/view.tsx'
import { categoryName, count } from '../../words.ts'
import { type SectionProps, useChange } from './change.ts'
import { matchApps } from './match-apps.ts'
import { Rules } from './rules.tsx'

export type App = z.infer<typeof CatalogueApp>

/** The catalogue with a switch for each app, and the user's own rules. */
export function Apps(props: SectionProps & { wanted: string | null }) {
  const catalogue = useContract('catalogue', {})
  return (
    <View of={catalogue} skeleton={<Skeleton heightPx={320} label="Waiting for the catalogue" />}>
      {({ apps, rulesProblem }) => (
        <>
          {rulesProblem !== null && (
            <p className="form-problem" role="alert">
              {rulesProblem}
            </p>
          )}
          <Rules apps={apps.filter((app) => app.source === 'user')} onChanged={catalogue.again} />
          <Catalogue
            key={props.wanted}
            apps={apps}
            settings={props.settings}
            onSaved={props.onSaved}
            wanted={apps.find((app) => app.id === props.wanted)?.name ?? ''}
          />
        </>
      )}
    </View>
  )
}

function Catalogue(props: SectionProps & { apps: readonly App[]; wanted: string }) {
  const { apps, settings, wanted } = props
  const [query, setQuery] = useState(wanted)
  const { saved, change } = useChange(props)
  const found = matchApps(apps, useDeferredValue(query))
  const isOn = (app: App) => settings.countAsAi[app.id] ?? app.countsAsAi
  return (
    <>
      <div className="row-line catalogue-head">
        <input
          type="search"
          className="input-search"
          aria-label="Find an app in the catalogue"
          placeholder={`Find among ${count(apps.length, 'app')}`}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <SavedMark saved={saved} />
      </div>
      {found.length === 0 ? (
        <p className="setting-text">No app in the catalogue is called that. A busy one can be named on Now.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <ul className="catalogue" tabIndex={0} aria-label="Apps in the catalogue">
          {found.map((app) => (
            <li key={app.id}>
              <label htmlFor={`app-${app.id}`}>{app.name}</label>
              <span className="row-note">
                {categoryName(app.category)}
                {!app.local && ', remote model'}
              </span>
              <Switch
                id={`app-${app.id}`}
                checked={isOn(app)}
                onChange={(on) => change({ countAsAi: { ...settings.countAsAi, [app.id]: on } })}
              />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
