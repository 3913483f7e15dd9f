import { type KeyboardEvent, useId, useMemo, useState } from 'react'
import { useContract } from '../client.ts'
import { useNow } from '../now-store.ts'
import { Dialog } from '../parts/dialog.tsx'
import { screens } from '../screens/registry.ts'
import { sections } from '../screens/settings/sections.ts'
import { type Finding, findPlaces, placesOf } from './findings.ts'

/** A combobox over apps, settings and screens (ARIA APG: combobox with a list box). */
export function Search(props: { onClose: () => void; onChosen: (finding: Finding) => void }) {
  const { onClose, onChosen } = props
  const id = useId()
  const { now } = useNow()
  const catalogue = useContract('catalogue', {})
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const running = now?.apps
  const models = now?.models
  const places = useMemo(
    () =>
      placesOf({
        screens,
        running: running ?? [],
        models: models ?? [],
        sections,
        catalogue: catalogue.value?.apps ?? [],
      }),
    [running, models, catalogue.value],
  )
  const found = findPlaces(places, query)
  const chosen = found[Math.min(active, found.length - 1)]

  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined && found.length > 0) {
      event.preventDefault()
      setActive((active + step + found.length) % found.length)
    } else if (event.key === 'Enter' && chosen !== undefined) {
      event.preventDefault()
      onChosen(chosen)
    }
  }
  return (
    <Dialog title="Search" className="has-search" isTitleHidden onClose={onClose}>
      <input
        type="text"
        className="search-input"
        role="combobox"
        aria-label="Search apps, models and settings"
        aria-expanded={found.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen && `${id}-${chosen.key}`}
        placeholder="Apps, models and settings"
        autoComplete="off"
        spellCheck={false}
        value={query}
        autoFocus
        onKeyDown={onKey}
        onChange={(event) => {
          setQuery(event.target.value)
          setActive(0)
        }}
      />
      <div id={`${id}-list`} role="listbox" aria-label="Found" className="search-list">
        {found.map((finding) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the combobox, which keeps the focus
          <div
            key={finding.key}
            id={`${id}-${finding.key}`}
            role="option"
            tabIndex={-1}
            aria-selected={finding === chosen}
            onClick={() => onChosen(finding)}
          >
            <span>{finding.title}</span>
            <span className="row-note">{finding.note}</span>
          </div>
        ))}
      </div>
      <p className="search-note" role="status">
        {query !== '' && found.length === 0 ? 'Nothing is called that.' : '↑ ↓ to choose, Enter to open, Esc to close'}
      </p>
    </Dialog>
  )
}
